import type { EventClass } from '@parley/bus';
import type { Positions } from '@parley/cursor';
import type { EventFilter, Passes } from '@parley/filters';

/** Which events of which account a subscriber gets. */
export interface SubscriberFilter {
  readonly accountId: string;
  readonly filter: EventFilter;
  /** The same for all filters that are written the same. */
  readonly canonical: string;
  /** Those whose events can pass. */
  readonly classes: readonly EventClass[];
  readonly passes: Passes;
  readonly encodeCursor: (positions: Positions) => string;
}
