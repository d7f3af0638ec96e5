import { eventStreams, partitionAccountFilter, type EventClass, type StreamedEvent } from '@parley/bus';
import { compileFilter } from '@parley/filters';
import { toDeliverable } from '../bus/convert.ts';
import type { WebhookSubscription } from '../domain/webhook-subscription.ts';
import type { BackFillRepository } from '../store/back-fill-repository.ts';
import type { DeliveryRepository } from '../store/delivery-repository.ts';
import { newDeliveries } from './new-delivery.ts';
import type { OwnedPartition, Ranges } from './owned-partition.ts';

export interface BackFillPorts {
  readonly deliveries: DeliveryRepository;
  readonly backFills: BackFillRepository;
  /** Events of a subject between two stream sequences, both included, in order. */
  readonly eventsBetween: (range: { readonly stream: string; readonly filter: string; readonly from: number; readonly to: number }) => AsyncIterable<StreamedEvent>;
}

/**
 * Stores the deliveries of events that came after the subscription was made, but had gone by in this partition before
 * the replica learned of it. To repeat it after a failure is harmless: a delivery is known by its id.
 */
export async function backFill(ports: BackFillPorts, subscription: WebhookSubscription, owned: OwnedPartition, ranges: Ranges): Promise<void> {
  const passes = compileFilter(subscription.filter);
  for (const eventClass of Object.keys(eventStreams) as EventClass[]) {
    const stream = eventStreams[eventClass];
    const filter = partitionAccountFilter(eventClass, owned.partition, subscription.accountId);
    const { after, through } = ranges.get(stream) ?? { after: 0, through: 0 };
    for await (const event of ports.eventsBetween({ stream, filter, from: after + 1, to: through })) {
      if (owned.deliveries.signal.aborted) return;
      if (!passes(toDeliverable(event))) continue;
      const deliveries = newDeliveries(event, owned.partition, [subscription.subscriptionId], new Date());
      await ports.deliveries.insert(deliveries);
      owned.deliveries.add(deliveries);
    }
  }
  await ports.backFills.add(owned.partition, subscription.subscriptionId);
}
