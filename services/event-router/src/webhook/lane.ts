import { setTimeout as sleep } from 'node:timers/promises';
import { LaneQueue } from '../domain/lane-queue.ts';
import type { PendingDelivery } from '../domain/delivery.ts';

/** What is known of a delivery after an attempt at it: it is over, or to be tried again. */
export type Attempted = { readonly kind: 'over' } | { readonly kind: 'again'; readonly attempts: number; readonly notBefore: Date };

export interface LaneOptions {
  /** Whether deliveries may be made now. When that turns to yes, poke the lane. */
  readonly isOpen: () => boolean;
  readonly attempt: (delivery: PendingDelivery) => Promise<Attempted>;
  readonly onEmpty: () => void;
  /** Aborted when the partition goes: the next owner continues. */
  readonly signal: AbortSignal;
}

/** Makes the deliveries of one call to one endpoint one after the other; the head is tried until it is over. */
export class Lane {
  readonly #options: LaneOptions;
  readonly #queue = new LaneQueue<PendingDelivery>();
  #running: Promise<void> | undefined;

  constructor(options: LaneOptions) {
    this.#options = options;
  }

  get size(): number {
    return this.#queue.size;
  }

  has(delivery: PendingDelivery): boolean {
    return this.#queue.has(delivery);
  }

  add(delivery: PendingDelivery): void {
    this.#queue.add(delivery);
    this.poke();
  }

  /** Goes on, if it may and is not at it. */
  poke(): void {
    if (this.#running !== undefined || !this.#mayGoOn()) return;
    this.#running = this.#run().finally(() => {
      this.#running = undefined;
      if (this.#queue.size === 0) this.#options.onEmpty();
      // It may have been opened, or filled, between its last look and its end.
      else this.poke();
    });
  }

  /** Resolves when nothing is being delivered. */
  async idle(): Promise<void> {
    while (this.#running !== undefined) await this.#running;
  }

  #mayGoOn(): boolean {
    return this.#queue.size > 0 && !this.#options.signal.aborted && this.#options.isOpen();
  }

  async #run(): Promise<void> {
    while (this.#mayGoOn()) {
      const head = this.#queue.head()!;
      await this.#until(head.notBefore);
      // Back-fill may have brought an earlier one meanwhile.
      if (!this.#mayGoOn() || this.#queue.head() !== head) continue;
      const attempted = await this.#options.attempt(head);
      this.#queue.remove(head);
      if (attempted.kind === 'again') this.#queue.add({ ...head, attempts: attempted.attempts, notBefore: attempted.notBefore });
    }
  }

  async #until(instant: Date): Promise<void> {
    const ms = instant.getTime() - Date.now();
    if (ms > 0) await sleep(ms, undefined, { signal: this.#options.signal }).catch(() => undefined);
  }
}
