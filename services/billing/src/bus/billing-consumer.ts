import { buckets, partitionOf, startConsumer, type Bus, type Consumer, type ParkingStore, type PositionStore } from '@parley/bus';
import { attributeNames, logger } from '@parley/telemetry';
import type { ApplyCallEvent } from '../usecases/apply-call-event.ts';
import type { ChargeStore } from '../usecases/charge-store.ts';
import type { MissDeadline, Timeouts } from '../usecases/deadlines.ts';
import { toConsumedEvent } from './consumed-event.ts';
import { createDeadlineClock } from './deadline-clock.ts';

const log = logger('billing');

export interface BillingConsumerOptions {
  readonly instance: string;
  readonly billing: {
    readonly charges: ChargeStore;
    readonly applyCallEvent: ApplyCallEvent;
    readonly missDeadline: MissDeadline;
  };
  readonly timeouts: Timeouts;
  readonly positions: PositionStore;
  readonly parking: ParkingStore;
  /** See `ConsumerOptions`; shorter in tests. */
  readonly leaseTtlMs?: number;
  readonly gapTimeoutMs?: number;
}

/** Applies the events of this replica's partitions, and looks after what does not come in time. */
export async function startBillingConsumer(bus: Bus, options: BillingConsumerOptions): Promise<Consumer> {
  const { billing, timeouts, ...pipeline } = options;
  const { charges, applyCallEvent, missDeadline } = billing;
  const owned = new Set<number>();
  const clock = createDeadlineClock({
    timeouts,
    miss: missDeadline,
    now: Date.now,
    readOpen: async () => (await charges.openOf([...owned])).map((record) => ({ record, partition: partitionOf(record.callId) })),
  });
  const consumer = await startConsumer(bus, {
    ...pipeline,
    service: 'billing',
    classes: ['call', 'reaction'],
    bucket: buckets.billing,
    handle: async (event, { partition }) => {
      const { outcome, record } = await applyCallEvent(toConsumedEvent(event));
      if (record !== undefined) clock.watch(record, partition);
      return outcome;
    },
    onPartition: {
      gained: async ({ partition }) => {
        await charges.runLeftEffects(partition);
        for (const record of await charges.openOf([partition])) clock.watch(record, partition);
        owned.add(partition);
      },
      lost: async (partition) => {
        owned.delete(partition);
        clock.forget(partition);
      },
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
