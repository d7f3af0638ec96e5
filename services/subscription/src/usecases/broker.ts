import type { StreamPositions, Subscription } from '../domain/account-subscriptions.ts';
import type { EventClass } from '../domain/sink.ts';

/** What the rules need from the broker. */
export interface Broker {
  /** The last sequence of the event stream of each of the classes. */
  currentPositions(classes: readonly EventClass[]): Promise<StreamPositions>;
  /**
   * Makes the consumers of a NATS sink. Idempotent.
   * @throws ParleyError `subscription.invalid_sink` if the account has no access to the broker.
   */
  provision(accountId: string, subscription: Subscription): Promise<void>;
}
