import { existsSync, readFileSync } from 'node:fs';
import { mkdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { type KeyPair, createAccount, createOperator, createUser, encodeUser, fmtCreds, fromSeed } from '@nats-io/jwt';
import { keysRoot } from '../src/repo-paths.ts';
import { createOnce } from '../src/whole-files.ts';
import { type ServiceName, serviceNames } from './roles.ts';

/** The user that declares streams and buckets, and that a person uses by hand: it may do everything in Parley's account. */
export const platformUser = 'platform';

/** The user of the server's own account: it watches the server, and gives it accounts' new JWTs. */
export const systemUser = 'system';

/** What signs a user's JWT, and so decides what that user may do: the role of a service, or that of downstream services. */
export type SignerName = ServiceName | 'downstream';
const signerNames: readonly SignerName[] = [...serviceNames, 'downstream'];

/**
 * The keys of a local NATS. The operator's key signs the JWTs of accounts, an account's key or one of its signing keys
 * those of its users; the server is given public keys only, and so it takes users that were made after it started.
 */
export interface NatsKeys {
  /** Folder of all of them, the credentials files of users included. */
  readonly dir: string;
  readonly operator: KeyPair;
  readonly system: KeyPair;
  /** Of the account that holds Parley's streams. */
  readonly parley: KeyPair;
  /** Of the account that all downstream services are users of. */
  readonly downstream: KeyPair;
  readonly signers: Readonly<Record<SignerName, KeyPair>>;
}

const downstreamAccountKey = 'account-downstream';

/** The folder with the keys of NATS on this machine. */
export const natsKeysDir = join(keysRoot, 'nats');

/** Credentials of a service, of `platform` or of `system`: the file that NATS' clients take. */
export function natsCredsFile(user: string, dir: string = natsKeysDir): string {
  return join(dir, `${user}.creds`);
}

/** What the subscription service reads to make credentials of downstream services: the account, and the seed that signs them. */
export function downstreamVariables(dir: string = natsKeysDir): Record<string, string> {
  const account = fromSeed(readFileSync(seedFile(dir, downstreamAccountKey)));
  return { NATS_DOWNSTREAM_ACCOUNT: account.getPublicKey(), NATS_DOWNSTREAM_SIGNING_KEY_FILE: seedFile(dir, 'signer-downstream') };
}

/** Makes the keys and the users' credentials that are not there yet. Those that are there stay. */
export async function ensureNatsKeys(dir: string = natsKeysDir): Promise<NatsKeys> {
  await mkdir(dir, { recursive: true, mode: 0o700 });
  const signers = await Promise.all(
    signerNames.map(async (name) => [name, await keyPair(dir, `signer-${name}`, createAccount)] as const),
  );
  const keys: NatsKeys = {
    dir,
    operator: await keyPair(dir, 'operator', createOperator),
    system: await keyPair(dir, 'account-system', createAccount),
    parley: await keyPair(dir, 'account-parley', createAccount),
    downstream: await keyPair(dir, downstreamAccountKey, createAccount),
    signers: Object.fromEntries(signers) as Record<SignerName, KeyPair>,
  };
  await createCredentials(dir, systemUser, keys.system);
  await createCredentials(dir, platformUser, keys.parley);
  for (const service of serviceNames) await createCredentials(dir, service, keys.parley, keys.signers[service]);
  return keys;
}

/** @param signer a signing key of the account; without one the account itself signs, and the user may do everything in it. */
async function createCredentials(dir: string, user: string, account: KeyPair, signer?: KeyPair): Promise<void> {
  const file = natsCredsFile(user, dir);
  if (existsSync(file)) return;
  await createOnce(file, async () => {
    const key = createUser();
    // Of a user of a signing key, permissions and limits come from that key: the JWT may state none.
    const jwt = await encodeUser(user, key, account, {}, signer === undefined ? {} : { signer, scopedUser: true });
    return new TextDecoder().decode(fmtCreds(jwt, key));
  });
}

async function keyPair(dir: string, name: string, create: () => KeyPair): Promise<KeyPair> {
  const file = seedFile(dir, name);
  if (!existsSync(file)) await createOnce(file, () => new TextDecoder().decode(create().getSeed()));
  return fromSeed(await readFile(file));
}

function seedFile(dir: string, name: string): string {
  return join(dir, `${name}.nk`);
}
