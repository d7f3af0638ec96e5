import { readFile } from 'node:fs/promises';
import { checkKey, createUser, encodeUser, fmtCreds } from '@nats-io/jwt';
import { inboxPrefix } from '@parley/bus';
import type { Credential, CredentialIssuer } from '../usecases/credential-issuer.ts';

export interface CredentialKeys {
  /** Public key of the NATS account that downstream services are users of. */
  readonly account: string;
  /** File with the seed of that account's signing key for downstream services. */
  readonly signingKeyFile: string;
}

/**
 * Makes credentials of downstream services. The broker takes them without having heard of them before: they are signed with
 * a key that it knows, and that key's template says what its users may do. In the template, the user's name stands for the
 * consumer and the user's public key for the inbox.
 * @throws Error if a key is none, so that the service does not start with it.
 */
export async function createCredentialIssuer({ account, signingKeyFile }: CredentialKeys): Promise<CredentialIssuer> {
  const accountKey = checkKey(account, 'A');
  const signer = checkKey((await readFile(signingKeyFile, 'utf8')).trim(), 'A', true);
  return {
    issue: async (consumerName, expireTimeS): Promise<Credential> => {
      const user = createUser();
      const jwt = await encodeUser(consumerName, user, accountKey, {}, { signer, scopedUser: true, exp: expireTimeS });
      return { credentials: new TextDecoder().decode(fmtCreds(jwt, user)), inboxPrefix: inboxPrefix(user.getPublicKey()) };
    },
  };
}
