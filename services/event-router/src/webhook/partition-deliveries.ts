import { laneOf, pendingPart, type PendingDelivery } from '../domain/delivery.ts';
import { Lane, type Attempted } from './lane.ts';

export interface PartitionDeliveriesOptions {
  /** Whether deliveries of a subscription may be made now. */
  readonly isOpen: (delivery: Pick<PendingDelivery, 'accountId' | 'subscriptionId'>) => boolean;
  readonly attempt: (delivery: PendingDelivery) => Promise<Attempted>;
}

/** The pending deliveries of one partition that this replica owns, by lane. */
export class PartitionDeliveries {
  readonly #options: PartitionDeliveriesOptions;
  readonly #lanes = new Map<string, { readonly subscriptionId: string; readonly lane: Lane }>();
  /** How many want a subscription's deliveries kept. */
  readonly #held = new Map<string, number>();
  readonly #ending = new AbortController();

  constructor(options: PartitionDeliveriesOptions) {
    this.#options = options;
  }

  /** Aborted once the partition is another replica's. */
  get signal(): AbortSignal {
    return this.#ending.signal;
  }

  get size(): number {
    return this.#lanes.values().reduce((sum, { lane }) => sum + lane.size, 0);
  }

  has(delivery: PendingDelivery): boolean {
    return this.#lanes.get(laneOf(delivery))?.lane.has(delivery) ?? false;
  }

  /** Of a whole delivery only the pending part is kept. */
  add(deliveries: readonly PendingDelivery[]): void {
    for (const delivery of deliveries) this.#laneFor(delivery).add(pendingPart(delivery));
  }

  /** Keeps a subscription's deliveries until it is released as often: back-fill may bring earlier ones. */
  hold(subscriptionId: string): void {
    this.#held.set(subscriptionId, (this.#held.get(subscriptionId) ?? 0) + 1);
  }

  isHeld(subscriptionId: string): boolean {
    return this.#held.has(subscriptionId);
  }

  release(subscriptionId: string): void {
    const holders = (this.#held.get(subscriptionId) ?? 0) - 1;
    if (holders > 0) this.#held.set(subscriptionId, holders);
    else this.#held.delete(subscriptionId);
    this.poke(subscriptionId);
  }

  /** Something that kept deliveries back may be over: of one subscription, or of all. */
  poke(subscriptionId?: string): void {
    for (const entry of this.#lanes.values()) {
      if (subscriptionId === undefined || entry.subscriptionId === subscriptionId) entry.lane.poke();
    }
  }

  /** Cuts off what is being sent: the next owner sends it again. */
  async stop(): Promise<void> {
    this.#ending.abort();
    await Promise.all([...this.#lanes.values()].map(({ lane }) => lane.idle()));
    this.#lanes.clear();
  }

  #laneFor(delivery: PendingDelivery): Lane {
    const key = laneOf(delivery);
    const existing = this.#lanes.get(key);
    if (existing !== undefined) return existing.lane;
    const { accountId, subscriptionId } = delivery;
    const lane = new Lane({
      isOpen: () => !this.#held.has(subscriptionId) && this.#options.isOpen({ accountId, subscriptionId }),
      attempt: this.#options.attempt,
      onEmpty: () => this.#lanes.delete(key),
      signal: this.signal,
    });
    this.#lanes.set(key, { subscriptionId, lane });
    return lane;
  }
}
