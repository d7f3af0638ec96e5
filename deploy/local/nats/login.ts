import { readFileSync } from 'node:fs';
import { type Authenticator, credsAuthenticator } from '@nats-io/transport-node';
import { natsCredsFile } from './nats-keys.ts';
import { inboxPrefix } from './permissions.ts';

/** What a client passes to `connect` to be one of the users of the local NATS server. */
export interface NatsLogin {
  readonly authenticator: Authenticator;
  readonly inboxPrefix: string;
}

/**
 * The login of a service, of `platform` or of `system`.
 * @param keysDir folder of the keys that the server was started with; this machine's by default.
 */
export function natsLogin(user: string, keysDir?: string): NatsLogin {
  return { authenticator: credsAuthenticator(readFileSync(natsCredsFile(user, keysDir))), inboxPrefix: inboxPrefix(user) };
}
