import { type AccountJwts, accountJwts } from './account-jwts.ts';
import type { NatsKeys } from './nats-keys.ts';

export interface NatsServerOptions {
  /** Address to listen on; loopback unless the server runs in a container. */
  readonly host?: string;
  /** Client port; -1 lets the server choose. */
  readonly port: number;
  /** Port of the HTTP monitoring (/healthz, /jsz); none when left out. */
  readonly monitorPort?: number;
  readonly storeDir: string;
  readonly keys: NatsKeys;
}

/**
 * The configuration of nats-server for Parley, as text, which holds no secret.
 *
 * Users are known by JWTs, and the server has only the public keys of those who sign them: so it takes a downstream
 * service that did not exist when it was started. Services are users of one NATS account, downstream services of another,
 * into which just the requests about their consumers are imported: within one account a request's reply subject is not
 * checked against permissions, so that a user who may only ask for messages could have them stored as events or ledger.
 */
export async function natsServerConfig({ host = '127.0.0.1', port, monitorPort, storeDir, keys }: NatsServerOptions): Promise<string> {
  const jwts = await accountJwts(keys);
  return [
    'server_name: parley-local',
    `host: ${quoted(host)}`,
    `port: ${port}`,
    ...(monitorPort === undefined ? [] : [`http: ${quoted(`${host}:${monitorPort}`)}`]),
    '',
    '# An acknowledged message is on disk, not just in the operating system: what production needs, and what is measured.',
    `jetstream { store_dir: ${quoted(storeDir)}, sync_interval: always }`,
    '',
    ...accounts(keys, jwts),
    '',
  ].join('\n');
}

function accounts(keys: NatsKeys, jwts: AccountJwts): string[] {
  return [
    `operator: ${jwts.operator}`,
    `system_account: ${keys.system.getPublicKey()}`,
    'resolver: MEMORY',
    'resolver_preload: {',
    ...(['system', 'parley', 'downstream'] as const).map((name) => `  ${keys[name].getPublicKey()}: ${jwts[name]}`),
    '}',
  ];
}

function quoted(text: string): string {
  return JSON.stringify(text);
}
