import { inboxPrefix } from './permissions.ts';

/** What a client passes to `connect` to be one of the users of the local NATS server. */
export interface NatsLogin {
  readonly user: string;
  readonly pass: string;
  readonly inboxPrefix: string;
}

/** The password of a user of the local server. Known to all, as the server listens on loopback only. */
export function localPassword(user: string): string {
  return `local-${user}`;
}

/** The login of a service, of `platform`, or of `downstream-<account>`. */
export function natsLogin(user: string): NatsLogin {
  return { user, pass: localPassword(user), inboxPrefix: inboxPrefix(user.replace(/^downstream-/, '')) };
}
