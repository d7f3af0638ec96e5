import { count } from '@parley/telemetry';
import type { Delivery } from '../domain/delivery.ts';
import type { DeliveryWriter } from './delivery-writer.ts';

/** What all partitions of this replica may hold in memory together. */
export interface MemoryBudget {
  readonly maxDeliveries: number;
  readonly maxBytes: number;
  deliveries: number;
  bytes: number;
}

export function newMemoryBudget(maxDeliveries: number, maxBytes: number): MemoryBudget {
  return { maxDeliveries, maxBytes, deliveries: 0, bytes: 0 };
}

export interface UnstoredOptions {
  readonly writer: DeliveryWriter;
  readonly budget: MemoryBudget;
  /** A delivery that is not over after so long is stored. */
  readonly spillAfterMs: number;
  /** Whether the lease is known to hold: a successor has what a late owner would store. */
  readonly isOwner: () => boolean;
  /** Aborted when the partition goes. */
  readonly signal: AbortSignal;
}

interface Held {
  readonly delivery: Delivery;
  readonly bytes: number;
  readonly sinceMs: number;
  readonly settled: Promise<void>;
  readonly settle: () => void;
  storing: Promise<void> | undefined;
}

const sweepMs = 50;

/**
 * The deliveries of a partition that are in memory only: their events are not done with, so that the stream has them
 * again after a crash. One that is over soon is never stored. The others are, the oldest first: of a lane nothing is
 * stored while what comes before it is neither stored nor over, so that who takes over finds the lane in order.
 */
export class UnstoredDeliveries {
  readonly #options: UnstoredOptions;
  /** In the order in which they came. */
  readonly #held = new Map<string, Held>();
  readonly #sweeping: NodeJS.Timeout;

  constructor(options: UnstoredOptions) {
    this.#options = options;
    this.#sweeping = setInterval(() => void this.#spill(performance.now() - options.spillAfterMs), sweepMs).unref();
    options.signal.addEventListener('abort', () => clearInterval(this.#sweeping), { once: true });
  }

  get size(): number {
    return this.#held.size;
  }

  /** Resolves once the delivery is over or stored. */
  hold(delivery: Delivery): Promise<void> {
    const known = this.#held.get(delivery.id);
    if (known !== undefined) return known.settled;
    const { promise: settled, resolve: settle } = Promise.withResolvers<void>();
    const { budget } = this.#options;
    const bytes = Buffer.byteLength(delivery.body);
    budget.deliveries += 1;
    budget.bytes += bytes;
    this.#held.set(delivery.id, { delivery, bytes, sinceMs: performance.now(), settled, settle, storing: undefined });
    return settled;
  }

  /** Resolves when there is room for more; makes it, if need be. */
  async room(): Promise<void> {
    const { budget, signal } = this.#options;
    while ((budget.deliveries > budget.maxDeliveries || budget.bytes > budget.maxBytes) && this.#held.size > 0 && !signal.aborted) {
      await this.#spill(Infinity);
    }
  }

  /** One that is not stored yet. */
  get(id: string): Delivery | undefined {
    return this.#held.get(id)?.delivery;
  }

  countOf(subscriptionId: string): number {
    return this.#held.values().reduce((sum, { delivery }) => sum + (delivery.subscriptionId === subscriptionId ? 1 : 0), 0);
  }

  /** It is stored, by somebody else. */
  foundStored(id: string): void {
    const held = this.#held.get(id);
    if (held !== undefined) this.#release(held);
  }

  /** It was made, or given up. Resolves at once for what was never stored. */
  async over(id: string): Promise<void> {
    const held = this.#held.get(id);
    if (held !== undefined) this.#release(held);
    if (held === undefined || held.storing !== undefined) await this.#options.writer.add({ kind: 'remove', id }, { signal: this.#options.signal });
  }

  /** It is to be tried again: stored from now on. */
  async reschedule(delivery: Delivery, attempts: number, notBefore: Date): Promise<void> {
    const { writer, signal } = this.#options;
    const held = this.#held.get(delivery.id);
    if (held === undefined || held.storing !== undefined) {
      await writer.add({ kind: 'reschedule', id: delivery.id, attempts, notBefore }, { signal });
      await held?.storing;
    } else {
      await this.#store(held, { ...delivery, attempts, notBefore }, signal);
    }
  }

  /**
   * Stores all that is left, for whoever comes next.
   * @param signal gives it up: then the next owner has it from the stream.
   */
  async hand(signal: AbortSignal): Promise<void> {
    if (!this.#options.isOwner()) return;
    // What the partition's end cut off begins anew, all in one order.
    await Promise.allSettled([...this.#held.values()].flatMap(({ storing }) => storing ?? []));
    await Promise.allSettled([...this.#held.values()].map((held) => this.#store(held, held.delivery, signal)));
  }

  /** Forgets what is in memory. */
  clear(): void {
    for (const held of this.#held.values()) this.#forget(held);
  }

  /** @param throughMs those that came then or before. */
  async #spill(throughMs: number): Promise<void> {
    if (!this.#options.isOwner()) return;
    const storing: Promise<void>[] = [];
    for (const held of this.#held.values()) {
      if (held.sinceMs > throughMs) break;
      if (held.storing === undefined) count('parley.webhook.spilled');
      storing.push((held.storing ??= this.#store(held, held.delivery, this.#options.signal)));
    }
    await Promise.allSettled(storing);
  }

  async #store(held: Held, delivery: Delivery, signal: AbortSignal): Promise<void> {
    const storing = this.#options.writer.add({ kind: 'put', delivery }, { signal });
    held.storing = storing;
    await storing;
    this.#release(held);
  }

  #release(held: Held): void {
    this.#forget(held);
    held.settle();
  }

  #forget(held: Held): void {
    const { id } = held.delivery;
    if (this.#held.get(id) !== held) return;
    this.#held.delete(id);
    this.#options.budget.deliveries -= 1;
    this.#options.budget.bytes -= held.bytes;
  }
}
