import type { WebhookSubscription } from '../domain/webhook-subscription.ts';
import type { LaneGaps } from './lane-gaps.ts';
import type { PartitionDeliveries } from './partition-deliveries.ts';
import type { UnstoredDeliveries } from './unstored-deliveries.ts';

/** By stream: events behind `after`, up to and including `through`. */
export type Ranges = ReadonlyMap<string, { readonly after: number; readonly through: number }>;

export interface OwnedPartitionParts {
  readonly partition: number;
  readonly deliveries: PartitionDeliveries;
  readonly unstored: UnstoredDeliveries;
  readonly gaps: LaneGaps;
  /** Subscriptions for which an earlier owner stored all that had gone by, by their last rewind for which it did. */
  readonly backFilled: ReadonlyMap<string, number>;
  /** By stream: the sequence behind which this owner reads on. */
  readonly doneThrough: ReadonlyMap<string, number>;
  /** Deliveries of events behind it with which an earlier owner was further: stored already, or given up. */
  readonly dealtWith: ReadonlySet<string>;
}

/** A partition that this replica owns: its deliveries, and how far its events have gone by. */
export class OwnedPartition {
  readonly partition: number;
  readonly deliveries: PartitionDeliveries;
  readonly unstored: UnstoredDeliveries;
  readonly gaps: LaneGaps;
  readonly #backFilled: Map<string, number>;
  readonly #doneThrough: ReadonlyMap<string, number>;
  readonly #dealtWith: Set<string>;
  readonly #begun: Map<string, number>;
  readonly #learned = new Map<string, number>();
  readonly #turns = new Map<string, Promise<void>>();

  constructor({ partition, deliveries, unstored, gaps, backFilled, doneThrough, dealtWith }: OwnedPartitionParts) {
    this.partition = partition;
    this.deliveries = deliveries;
    this.unstored = unstored;
    this.gaps = gaps;
    this.#backFilled = new Map(backFilled);
    this.#doneThrough = doneThrough;
    this.#dealtWith = new Set(dealtWith);
    this.#begun = new Map(doneThrough);
  }

  /**
   * What a subscription has missed in this partition: the events that had gone by when the replica learned of it, or of
   * its being rewound. An earlier owner may have known it before; then they are those of this owner alone.
   * @returns undefined when there is nothing to do: it was learned before, or missed nothing.
   */
  learn({ subscriptionId, startsAfter, rewind }: Pick<WebhookSubscription, 'subscriptionId' | 'startsAfter' | 'rewind'>): Ranges | undefined {
    if ((this.#learned.get(subscriptionId) ?? -1) >= rewind) return undefined;
    this.#learned.set(subscriptionId, rewind);
    const isBackFilled = (this.#backFilled.get(subscriptionId) ?? -1) >= rewind;
    const ranges = [...this.#begun].map(([stream, through]) => {
      const handled = isBackFilled ? (this.#doneThrough.get(stream) ?? 0) : 0;
      return [stream, { after: Math.max(startsAfter[stream] ?? 0, handled), through }] as const;
    });
    // The first time has to be noted even if nothing was missed.
    return isBackFilled && ranges.every(([, { after, through }]) => after >= through) ? undefined : new Map(ranges);
  }

  /** Whether something of a subscription may be stored. */
  knows(subscriptionId: string): boolean {
    return this.#backFilled.has(subscriptionId) || this.#learned.has(subscriptionId);
  }

  /** Subscriptions that earlier owners knew. */
  backFilled(): readonly string[] {
    return [...this.#backFilled.keys()];
  }

  /** It was deleted, and nothing of it is stored any more. */
  forget(subscriptionId: string): void {
    this.#backFilled.delete(subscriptionId);
    this.#learned.delete(subscriptionId);
    this.gaps.forget(subscriptionId);
  }

  /** An event is being taken: a subscription that is learned from now on is too late for it. */
  begin(stream: string, streamSequence: number): void {
    this.#begun.set(stream, Math.max(this.#begun.get(stream) ?? 0, streamSequence));
  }

  /** Whether an earlier owner was further with a delivery than the stream's position tells. Asked once. */
  isDealtWith(deliveryId: string): boolean {
    return this.#dealtWith.delete(deliveryId);
  }

  /** Works for a subscription, one after the other. */
  async inTurn(subscriptionId: string, work: () => Promise<void>): Promise<void> {
    const turn = (this.#turns.get(subscriptionId) ?? Promise.resolve()).then(work);
    this.#turns.set(subscriptionId, turn);
    await turn;
    if (this.#turns.get(subscriptionId) === turn) this.#turns.delete(subscriptionId);
  }
}
