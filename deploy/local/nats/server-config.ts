import {
  type Permissions,
  downstreamAccess,
  downstreamConsumer,
  downstreamPermissions,
  servicePermissions,
} from './permissions.ts';
import { roles, serviceNames } from './roles.ts';

/** The user that declares streams and buckets, and that a person uses by hand: it may do everything in Parley's account. */
export const platformUser = 'platform';

/** The NATS account that holds Parley's streams. */
const parleyAccount = 'PARLEY';

export interface NatsServerOptions {
  /** Address to listen on; loopback unless the server runs in a container. */
  readonly host?: string;
  /** Client port; -1 lets the server choose. */
  readonly port: number;
  /** Port of the HTTP monitoring (/healthz, /jsz); none when left out. */
  readonly monitorPort?: number;
  readonly storeDir: string;
  /** Parley accounts that have a downstream service. */
  readonly accounts: readonly string[];
  readonly password: (user: string) => string;
}

/**
 * The configuration of nats-server for Parley, as text.
 *
 * Services are users of one NATS account. Each downstream service gets a NATS account of its own, into which just its
 * consumers are imported: within one account a request's reply subject is not checked against permissions, so that a
 * user who may only ask for messages could have them delivered onto another account's event subject or the ledger.
 *
 * @throws Error when an account's id is not one (`[a-z0-9-]{1,32}`).
 */
export function natsServerConfig(options: NatsServerOptions): string {
  for (const account of options.accounts) {
    if (!/^[a-z0-9-]{1,32}$/.test(account)) throw new Error(`not an account id: ${JSON.stringify(account)}`);
  }
  const host = options.host ?? '127.0.0.1';
  return [
    'server_name: parley-local',
    `host: ${quoted(host)}`,
    `port: ${options.port}`,
    ...(options.monitorPort === undefined ? [] : [`http: ${quoted(`${host}:${options.monitorPort}`)}`]),
    '',
    '# An acknowledged message is on disk, not just in the operating system: what production needs, and what is measured.',
    `jetstream { store_dir: ${quoted(options.storeDir)}, sync_interval: always }`,
    '',
    'accounts {',
    ...parley(options),
    ...options.accounts.flatMap((account) => downstream(account, options)),
    '}',
    '',
  ].join('\n');
}

function parley({ accounts, password }: NatsServerOptions): string[] {
  return [
    `  ${parleyAccount} {`,
    '    jetstream: enabled',
    '    users: [',
    `      { user: ${platformUser}, password: ${quoted(password(platformUser))} }`,
    ...serviceNames.flatMap((name) =>
      user(name, password(name), servicePermissions(name, roles[name], accounts)),
    ),
    '    ]',
    '    exports: [',
    ...accounts.flatMap((account) =>
      downstreamAccess(account).map(
        ({ subject, streams }) =>
          `      { service: ${quoted(subject)}, accounts: [${quoted(account)}]${streams ? ', response_type: stream' : ''} }`,
      ),
    ),
    '    ]',
    '  }',
  ];
}

function downstream(account: string, { password }: NatsServerOptions): string[] {
  const name = downstreamConsumer(account);
  return [
    `  ${quoted(account)} {`,
    '    users: [',
    ...user(name, password(name), downstreamPermissions(account)),
    '    ]',
    '    imports: [',
    ...downstreamAccess(account).map(
      ({ subject, as }) =>
        `      { service: { account: ${parleyAccount}, subject: ${quoted(subject)} }, to: ${quoted(as)} }`,
    ),
    '    ]',
    '  }',
  ];
}

function user(name: string, password: string, { publish, subscribe }: Permissions): string[] {
  const list = (subjects: readonly string[]) => subjects.map((subject) => `          ${quoted(subject)}`);
  return [
    `      { user: ${quoted(name)}, password: ${quoted(password)}, permissions: {`,
    '        publish: [',
    ...list(publish),
    '        ]',
    '        subscribe: [',
    ...list(subscribe),
    '        ]',
    '      } }',
  ];
}

function quoted(text: string): string {
  return JSON.stringify(text);
}
