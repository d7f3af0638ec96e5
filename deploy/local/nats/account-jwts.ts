import { createHash } from 'node:crypto';
import { existsSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import {
  type Account,
  type Export,
  type Import,
  type KeyPair,
  type SigningKey,
  encodeAccount,
  encodeActivation,
  encodeOperator,
  newScopedSigner,
} from '@nats-io/jwt';
import { createOnce } from '../src/whole-files.ts';
import type { NatsKeys } from './nats-keys.ts';
import { type Permissions, downstreamAccess, downstreamPermissions, servicePermissions } from './permissions.ts';
import { roles, serviceNames } from './roles.ts';

/** What nats-server has to know to recognise users: who the operator is, and what accounts there are. */
export interface AccountJwts {
  readonly operator: string;
  readonly system: string;
  readonly parley: string;
  readonly downstream: string;
}

const unlimited = -1;
const limits = { subs: unlimited, data: unlimited, payload: unlimited, conn: unlimited, leaf: 0, imports: unlimited, exports: unlimited, wildcards: true };
const jetstreamLimits = { mem_storage: unlimited, disk_storage: unlimited, streams: unlimited, consumer: unlimited };

/** For each connection of a downstream service: it asks and acknowledges, which is a few dozen bytes, and listens for the answers. */
const downstreamLimits = { payload: 4 * 1024, subs: 100, allowed_connection_types: ['STANDARD' as const, 'WEBSOCKET' as const] };

/**
 * The JWTs of operator and accounts, signed when something that they say has changed. What a role may do stands in its
 * account, so that a change of it needs no new credentials.
 */
export async function accountJwts(keys: NatsKeys): Promise<AccountJwts> {
  const said = JSON.stringify([keys.operator.getPublicKey(), system, parley(keys), await downstream(keys, async () => ''), keys.system.getPublicKey()]);
  const digest = createHash('sha256').update(said).digest('hex');
  const file = join(keys.dir, `accounts-${digest}.json`);
  // Signing takes seconds where the machine is busy, and each server of a test run needs these.
  if (!existsSync(file)) await createOnce(file, async () => JSON.stringify(await signed(keys)));
  return JSON.parse(await readFile(file, 'utf8')) as AccountJwts;
}

async function signed(keys: NatsKeys): Promise<AccountJwts> {
  const signer = { signer: keys.operator };
  const activation = (subject: string) => encodeActivation(subject, keys.downstream, keys.parley, 'service', { subject });
  return {
    operator: await encodeOperator('parley', keys.operator, { system_account: keys.system.getPublicKey() }),
    system: await encodeAccount('SYS', keys.system, { ...system }, signer),
    parley: await encodeAccount('PARLEY', keys.parley, parley(keys), signer),
    downstream: await encodeAccount('DOWNSTREAM', keys.downstream, await downstream(keys, activation), signer),
  };
}

const system: Partial<Account> = { limits };

/** The account with the streams. */
function parley({ signers }: NatsKeys): Partial<Account> {
  return {
    limits: { ...limits, ...jetstreamLimits },
    exports: downstreamAccess.map(({ subject, streams }): Export => ({
      name: subject,
      subject,
      type: 'service',
      token_req: true, // only for who has an activation: the account of downstream services
      response_type: streams ? 'Stream' : 'Singleton',
    })),
    signing_keys: serviceNames.map((name) => role(signers[name], name, servicePermissions(name, roles[name]))),
  };
}

/**
 * The account of downstream services: without streams of its own, it sees of Parley's what is imported here.
 * @param activation what lets it import a subject, signed by Parley's account.
 */
async function downstream({ parley: exporter, signers }: NatsKeys, activation: (subject: string) => Promise<string>): Promise<Partial<Account>> {
  const imports = downstreamAccess.map(async ({ subject, localSubject }): Promise<Import> => ({
    name: subject,
    subject,
    type: 'service',
    account: exporter.getPublicKey(),
    local_subject: localSubject,
    token: await activation(subject),
  }));
  return {
    limits,
    imports: await Promise.all(imports),
    signing_keys: [role(signers.downstream, 'downstream', downstreamPermissions(), downstreamLimits)],
  };
}

/** A signing key whose users may do this, whatever their JWTs say. */
function role(signer: KeyPair, name: string, { publish, subscribe }: Permissions, userLimits = {}): SigningKey {
  return newScopedSigner(signer, name, { ...userLimits, pub: { allow: [...publish] }, sub: { allow: [...subscribe] } });
}
