/** What is kept of a stream's end, at most. */
export interface RecentLimits {
  readonly events: number;
  readonly bytes: number;
}

interface Sequenced {
  readonly sequence: number;
  readonly bytes: number;
}

/** The last events of one stream, in stream order, as many as the limits let. */
export class RecentEvents<Event extends Sequenced> {
  readonly #limits: RecentLimits;
  #events: Event[] = [];
  /** Index of the oldest one kept: those before it are taken away now and then. */
  #oldest = 0;
  #bytes = 0;
  #after: number;

  /** @param after stream sequence behind which the events begin that will be pushed. */
  constructor(after: number, limits: RecentLimits) {
    this.#after = after;
    this.#limits = limits;
  }

  /** Whether all that follows a stream sequence is here. */
  covers(sequence: number): boolean {
    return sequence >= this.#after;
  }

  push(event: Event): void {
    this.#events.push(event);
    this.#bytes += event.bytes;
    while (this.#events.length - this.#oldest > this.#limits.events || this.#bytes > this.#limits.bytes) this.#drop();
  }

  /** The first `count` that follow a sequence which is covered. */
  following(sequence: number, count: number): readonly Event[] {
    const from = this.#indexBehind(sequence);
    return this.#events.slice(from, from + count);
  }

  #drop(): void {
    const { sequence, bytes } = this.#events[this.#oldest]!;
    this.#after = sequence;
    this.#bytes -= bytes;
    this.#oldest += 1;
    if (this.#oldest < this.#events.length / 2) return;
    this.#events = this.#events.slice(this.#oldest);
    this.#oldest = 0;
  }

  #indexBehind(sequence: number): number {
    let low = this.#oldest;
    for (let high = this.#events.length; low < high; ) {
      const middle = (low + high) >>> 1;
      if (this.#events[middle]!.sequence <= sequence) low = middle + 1;
      else high = middle;
    }
    return low;
  }
}
