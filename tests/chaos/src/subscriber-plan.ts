import type { PlannedCall } from './call-plan.ts';
import type { SeededRandom } from './seeded-random.ts';
import { someFilter } from './soak-filter.ts';
import type { SoakOptions } from './soak-options.ts';
import type { Subscriber, Transport } from './subscriber-log.ts';

export interface PlannedSubscriber extends Subscriber {
  readonly transport: Transport;
  /** After the beginning of the run: half of them are there at once. */
  readonly joinsAtMs: number;
}

export interface SubscriberPlanOptions extends Pick<SoakOptions, 'subscribers' | 'durationMs'> {
  readonly calls: readonly PlannedCall[];
  readonly accounts: readonly string[];
}

/** Who subscribes to what: every account has subscribers of each transport, on NATS one, as it may have no more. */
export function planSubscribers(random: SeededRandom, { subscribers, durationMs, calls, accounts }: SubscriberPlanOptions): readonly PlannedSubscriber[] {
  return Object.entries(subscribers).flatMap(([transport, count]) =>
    Array.from({ length: count }, (_, index): PlannedSubscriber => {
      const name = `${transport}-${index + 1}`;
      const ofThis = random.fork(name);
      const accountId = accounts[index % accounts.length]!;
      const ownCalls = calls.filter((call) => call.accountId === accountId);
      const kind = transport === 'webhook' || transport === 'nats' ? transport : 'stream';
      return {
        name,
        transport: transport as Transport,
        accountId,
        filter: someFilter(kind, ofThis, ownCalls.length === 0 ? calls : ownCalls),
        joinsAtMs: ofThis.chance(0.5) ? 0 : ofThis.between(0, durationMs * 0.6),
      };
    }),
  );
}
