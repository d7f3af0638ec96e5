import type { WebhookSubscription } from '../domain/webhook-subscription.ts';
import type { PartitionDeliveries } from './partition-deliveries.ts';

/** By stream: events behind `after`, up to and including `through`. */
export type Ranges = ReadonlyMap<string, { readonly after: number; readonly through: number }>;

/** A partition that this replica owns: its deliveries, and how far its events have gone by. */
export class OwnedPartition {
  readonly partition: number;
  readonly deliveries: PartitionDeliveries;
  readonly #backFilled: ReadonlySet<string>;
  readonly #doneThrough: ReadonlyMap<string, number>;
  readonly #begun: Map<string, number>;
  readonly #learned = new Set<string>();

  /**
   * @param backFilled subscriptions for which an earlier owner stored all that had gone by.
   * @param doneThrough by stream: the sequence behind which this owner reads on.
   */
  constructor(partition: number, deliveries: PartitionDeliveries, backFilled: ReadonlySet<string>, doneThrough: ReadonlyMap<string, number>) {
    this.partition = partition;
    this.deliveries = deliveries;
    this.#backFilled = backFilled;
    this.#doneThrough = doneThrough;
    this.#begun = new Map(doneThrough);
  }

  /**
   * What a subscription has missed in this partition: the events that had gone by when the replica learned of it. An
   * earlier owner may have known it before; then they are those of this owner alone.
   * @returns undefined when there is nothing to do: it was learned before, or missed nothing.
   */
  learn({ subscriptionId, startsAfter }: Pick<WebhookSubscription, 'subscriptionId' | 'startsAfter'>): Ranges | undefined {
    if (this.#learned.has(subscriptionId)) return undefined;
    this.#learned.add(subscriptionId);
    const isBackFilled = this.#backFilled.has(subscriptionId);
    const ranges = [...this.#begun].map(([stream, through]) => {
      const handled = isBackFilled ? (this.#doneThrough.get(stream) ?? 0) : 0;
      return [stream, { after: Math.max(startsAfter[stream] ?? 0, handled), through }] as const;
    });
    // The first time has to be noted even if nothing was missed.
    return isBackFilled && ranges.every(([, { after, through }]) => after >= through) ? undefined : new Map(ranges);
  }

  /** An event is being taken: a subscription that is learned from now on is too late for it. */
  begin(stream: string, streamSequence: number): void {
    this.#begun.set(stream, Math.max(this.#begun.get(stream) ?? 0, streamSequence));
  }
}
