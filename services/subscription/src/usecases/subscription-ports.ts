import type { DecodedCursor } from '../domain/cursor-start.ts';
import type { AccountStore } from './account-store.ts';
import type { Broker } from './broker.ts';

/** What the commands on subscriptions need. */
export interface SubscriptionPorts {
  readonly accounts: AccountStore;
  readonly broker: Broker;
  /** @throws ParleyError `egress.*` for a URL that may not be called. */
  readonly checkUrl: (url: string) => void;
  /** @throws ParleyError `cursor.malformed` */
  readonly decodeCursor: (text: string) => DecodedCursor;
  readonly knownTypes: readonly string[];
  /** Subscriptions that an account may have. */
  readonly limit: number;
  /** Milliseconds since 1970. */
  readonly now: () => number;
}
