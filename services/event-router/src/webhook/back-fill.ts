import { eventStreams, partitionAccountFilter, type EventClass, type StreamedEvent } from '@parley/bus';
import { compileFilter } from '@parley/filters';
import { toDeliverable } from '../bus/convert.ts';
import type { Delivery } from '../domain/delivery.ts';
import type { WebhookSubscription } from '../domain/webhook-subscription.ts';
import type { BackFillRepository } from '../store/back-fill-repository.ts';
import type { DeliveryRepository } from '../store/delivery-repository.ts';
import { newDeliveries } from './new-delivery.ts';
import type { OwnedPartition, Ranges } from './owned-partition.ts';

export interface BackFillPorts {
  readonly deliveries: Pick<DeliveryRepository, 'write'>;
  readonly backFills: BackFillRepository;
  /** Events of a subject between two stream sequences, both included, in order. */
  readonly eventsBetween: (range: { readonly stream: string; readonly filter: string; readonly from: number; readonly to: number }) => AsyncIterable<StreamedEvent>;
}

const largestBatch = 200;

/**
 * Stores the deliveries of events that came after the subscription starts, but had gone by in this partition before the
 * replica learned of it, or of its being rewound. To repeat it after a failure is harmless: a delivery is known by its id.
 */
export async function backFill(ports: BackFillPorts, subscription: WebhookSubscription, owned: OwnedPartition, ranges: Ranges): Promise<void> {
  const { subscriptionId, accountId, rewind } = subscription;
  const passes = compileFilter(subscription.filter);
  const batch: Delivery[] = [];
  const store = async () => {
    const stored = batch.splice(0);
    await ports.deliveries.write(stored.map((delivery) => ({ kind: 'put', delivery })));
    for (const { id } of stored) owned.unstored.foundStored(id);
    owned.deliveries.add(stored);
  };
  for (const eventClass of Object.keys(eventStreams) as EventClass[]) {
    const stream = eventStreams[eventClass];
    const filter = partitionAccountFilter(eventClass, owned.partition, accountId);
    const { after, through } = ranges.get(stream) ?? { after: 0, through: 0 };
    for await (const event of ports.eventsBetween({ stream, filter, from: after + 1, to: through })) {
      if (owned.deliveries.signal.aborted) return;
      if (!passes(toDeliverable(event))) continue;
      batch.push(...newDeliveries(event, owned.partition, [subscriptionId], new Date()));
      if (batch.length === largestBatch) await store();
    }
  }
  await store();
  await ports.backFills.put(owned.partition, subscriptionId, rewind);
}
