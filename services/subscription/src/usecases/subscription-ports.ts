import type { Positions } from '@parley/cursor';
import type { FilterVocabulary } from '@parley/filters';
import type { AccountStore } from './account-store.ts';
import type { Broker } from './broker.ts';

/** What the commands on subscriptions need. */
export interface SubscriptionPorts {
  readonly accounts: AccountStore;
  readonly broker: Broker;
  /** @throws ParleyError `egress.*` for a URL that may not be called. */
  readonly checkUrl: (url: string) => void;
  /** @throws ParleyError `cursor.malformed`, `cursor.other_account` */
  readonly decodeCursor: (text: string, accountId: string) => Positions;
  readonly vocabulary: FilterVocabulary;
  /** Subscriptions that an account may have. */
  readonly limit: number;
  /** Milliseconds since 1970. */
  readonly now: () => number;
}
