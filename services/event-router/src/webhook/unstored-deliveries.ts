import { setTimeout as sleep } from 'node:timers/promises';
import { count } from '@parley/telemetry';
import type { Delivery } from '../domain/delivery.ts';
import type { DeliveryWriter } from './delivery-writer.ts';

/** What all partitions of this replica may hold in memory together. */
export interface MemoryBudget {
  /** Beyond it no more events are taken until there are fewer. */
  readonly usualDeliveries: number;
  /** Beyond these everything is stored. */
  readonly maxDeliveries: number;
  readonly maxBytes: number;
  deliveries: number;
  bytes: number;
  /** Who waits for fewer. */
  readonly waiting: Set<() => void>;
}

export function newMemoryBudget(maxDeliveries: number, maxBytes: number, usualDeliveries = maxDeliveries): MemoryBudget {
  return { usualDeliveries, maxDeliveries, maxBytes, deliveries: 0, bytes: 0, waiting: new Set() };
}

export interface UnstoredOptions {
  readonly writer: DeliveryWriter;
  readonly budget: MemoryBudget;
  /** A delivery that is not over after so long is stored; */
  readonly spillAfterMs: number;
  /** … or after so long, if its endpoint answers and it only waits for its turn. */
  readonly spillMovingAfterMs: number;
  readonly isMoving: (subscriptionId: string) => boolean;
  /** Whether the lease is known to hold: a successor has what a late owner would store. */
  readonly isOwner: () => boolean;
  /** Aborted when the partition goes. */
  readonly signal: AbortSignal;
}

interface Held {
  readonly delivery: Delivery;
  readonly bytes: number;
  /** When it came, on the clock of the sweeps. */
  readonly sinceMs: number;
  readonly settled: Promise<void>;
  readonly settle: () => void;
  storing: Promise<void> | undefined;
}

const sweepMs = 50;
/** What more there is between two sweeps the process was paused, or too busy to deliver. */
const longestSweepMs = 2 * sweepMs;
const longestPauseMs = 500;
const pause = (): Promise<void> => sleep(longestPauseMs, undefined, { ref: false });

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
  /** Goes on with the sweeps, and stands while the process does: nothing could be delivered then, so nothing was slow. */
  #clockMs = 0;
  #sweptMs = performance.now();

  constructor(options: UnstoredOptions) {
    this.#options = options;
    this.#sweeping = setInterval(() => void this.#sweep(), sweepMs).unref();
    const end = () => {
      clearInterval(this.#sweeping);
      this.#wake();
    };
    options.signal.addEventListener('abort', end, { once: true });
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
    this.#held.set(delivery.id, { delivery, bytes, sinceMs: this.#clockMs, settled, settle, storing: undefined });
    return settled;
  }

  /**
   * Resolves when there is room for more; makes it, if need be. What waits for its turn is not stored for want of room. It
   * does not wait for ever, since the partition's end waits for it: then the number of events that may be open bounds what is
   * in memory.
   */
  async room(): Promise<void> {
    const { budget } = this.#options;
    const isFull = () => budget.deliveries > budget.maxDeliveries || budget.bytes > budget.maxBytes;
    if (isFull()) await Promise.race([this.#spill(() => true), pause()]);
    if (budget.deliveries > budget.usualDeliveries) await Promise.race([new Promise<void>((resolve) => budget.waiting.add(resolve)), pause()]);
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

  async #sweep(): Promise<void> {
    const { spillAfterMs, spillMovingAfterMs, isMoving } = this.#options;
    const sweptMs = performance.now();
    this.#clockMs += Math.min(sweptMs - this.#sweptMs, longestSweepMs);
    this.#sweptMs = sweptMs;
    const nowMs = this.#clockMs;
    const oldest = this.#held.values().next().value;
    if (oldest === undefined || nowMs - oldest.sinceMs < spillAfterMs) return;
    const moving = new Map<string, boolean>();
    const waitsMs = (subscriptionId: string): number => {
      if (!moving.has(subscriptionId)) moving.set(subscriptionId, isMoving(subscriptionId));
      return moving.get(subscriptionId)! ? spillMovingAfterMs : spillAfterMs;
    };
    await this.#spill(({ delivery, sinceMs }) => nowMs - sinceMs >= waitsMs(delivery.subscriptionId));
  }

  /** @param isDue the older of an endpoint's deliveries at least as soon as the newer */
  async #spill(isDue: (held: Held) => boolean): Promise<void> {
    if (!this.#options.isOwner()) return;
    const storing: Promise<void>[] = [];
    for (const held of this.#held.values()) {
      if (!isDue(held)) continue;
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
    this.#wake();
  }

  #wake(): void {
    const { waiting, deliveries, usualDeliveries } = this.#options.budget;
    if (waiting.size === 0 || (deliveries > usualDeliveries && !this.#options.signal.aborted)) return;
    for (const resume of waiting) resume();
    waiting.clear();
  }
}
