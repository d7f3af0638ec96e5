import { buckets, partitionOf, startConsumer, type Bus, type Consumer, type ParkingStore, type PositionStore } from '@parley/bus';
import { attributeNames, logger } from '@parley/telemetry';
import type { ApplyCallEvents } from '../usecases/apply-call-events.ts';
import type { CollectLate } from '../usecases/collect-late.ts';
import type { ChargeStore } from '../usecases/charge-store.ts';
import type { MissDeadline, Timeouts } from '../usecases/deadlines.ts';
import type { SweepHolds } from '../usecases/reclaim-holds.ts';
import { toConsumedEvents } from './consumed-event.ts';
import { createDeadlineClock } from './deadline-clock.ts';

const log = logger('billing');

export interface BillingConsumerOptions {
  readonly instance: string;
  readonly billing: {
    readonly charges: ChargeStore;
    readonly applyCallEvents: ApplyCallEvents;
    readonly missDeadline: MissDeadline;
    readonly sweepHolds: SweepHolds;
    readonly collectLate: CollectLate;
  };
  readonly timeouts: Timeouts;
  readonly positions: PositionStore;
  readonly parking: ParkingStore;
  /** Between two sweeps. */
  readonly sweepMs: number;
  /** See `ConsumerOptions`; shorter in tests. */
  readonly leaseTtlMs?: number;
  readonly gapTimeoutMs?: number;
}

/** Applies the events of this replica's partitions, and looks after what does not come in time. */
export async function startBillingConsumer(bus: Bus, options: BillingConsumerOptions): Promise<Consumer> {
  const { billing, timeouts, sweepMs, ...pipeline } = options;
  const { charges, applyCallEvents, missDeadline, sweepHolds, collectLate } = billing;
  const clock = createDeadlineClock({
    timeouts,
    sweepMs,
    miss: missDeadline,
    runLeftEffects: (partitions) => charges.runLeftEffects(partitions),
    readOpen: (partitions) => charges.openOf(partitions),
    sweep: async (isOwn) => {
      await sweepHolds(isOwn, BigInt(Date.now()));
      // What was given back may cover it.
      await collectLate(isOwn, BigInt(Date.now()));
    },
    partitionOf,
    now: Date.now,
  });
  const consumer = await startConsumer(bus, {
    ...pipeline,
    service: 'billing',
    classes: ['call', 'reaction'],
    bucket: buckets.billing,
    handle: async (events) => {
      const { outcomes, records } = await applyCallEvents(toConsumedEvents(events));
      for (const record of records) clock.watch(record);
      return outcomes;
    },
    onPartition: {
      gained: async ({ partition }) => clock.own(partition),
      lost: async (partition) => clock.forget(partition),
    },
    onError: (error) => log.warn({ err: error }, 'the consumer goes on after a failure'),
    onParked: (callId, code) => log.error({ [attributeNames.callId]: callId, code }, 'a call is parked'),
  });
  return {
    ...consumer,
    stop: async () => {
      await consumer.stop();
      await clock.stop();
    },
  };
}
