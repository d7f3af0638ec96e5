import { laneOf, noGap, widened, type Delivery, type LaneGap, type PendingDelivery } from '../domain/delivery.ts';
import type { GapRepository } from '../store/gap-repository.ts';

/**
 * What the lanes of a partition have given up and not told of yet. The next delivery of the lane names it, whichever
 * replica makes it.
 */
export class LaneGaps {
  readonly #repository: GapRepository;
  readonly #gaps: Map<string, LaneGap>;

  constructor(repository: GapRepository, known: ReadonlyMap<string, LaneGap>) {
    this.#repository = repository;
    this.#gaps = new Map(known);
  }

  of(delivery: Pick<PendingDelivery, 'subscriptionId' | 'callId'>): LaneGap {
    return this.#gaps.get(laneOf(delivery)) ?? noGap;
  }

  /** A delivery is given up. */
  async widen({ subscriptionId, callId, eventId, partition }: Delivery): Promise<void> {
    const lane = laneOf({ subscriptionId, callId });
    const gap = widened(this.#gaps.get(lane) ?? noGap, eventId);
    await this.#repository.put({ lane, partition, subscriptionId }, gap);
    this.#gaps.set(lane, gap);
  }

  /** The receiver took a delivery that named it. */
  async told(delivery: Pick<PendingDelivery, 'subscriptionId' | 'callId'>): Promise<void> {
    const lane = laneOf(delivery);
    if (!this.#gaps.has(lane)) return;
    await this.#repository.remove(lane);
    this.#gaps.delete(lane);
  }

  forget(subscriptionId: string): void {
    for (const lane of this.#gaps.keys()) if (lane.startsWith(`${subscriptionId}/`)) this.#gaps.delete(lane);
  }
}
