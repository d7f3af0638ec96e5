export interface QueueBounds {
  /** Waiting, not counting the one that is worked on. */
  readonly maxWaiting: number;
  readonly maxWaitingBytes: number;
}

interface Waiting<Content, Result> {
  readonly content: Content;
  readonly bytes: number;
  readonly settle: (result: Promise<Result> | 'skipped') => void;
}

/**
 * One at a time, in order; where more wait than the bounds allow, the oldest of them is skipped. So what comes faster than
 * it can be worked on costs neither memory without bound nor an ever growing delay.
 */
export class NewestWinsQueue<Content, Result> {
  readonly #work: (content: Content) => Promise<Result>;
  readonly #bounds: QueueBounds;
  readonly #waiting: Waiting<Content, Result>[] = [];
  #waitingBytes = 0;
  #busy = false;

  constructor(work: (content: Content) => Promise<Result>, bounds: QueueBounds) {
    this.#work = work;
    this.#bounds = bounds;
  }

  /** Settles as the work on it does, or gives 'skipped'. */
  push(content: Content, bytes: number): Promise<Result | 'skipped'> {
    const { promise, resolve } = Promise.withResolvers<Result | 'skipped'>();
    this.#waiting.push({ content, bytes, settle: resolve });
    this.#waitingBytes += bytes;
    if (!this.#busy) void this.#run();
    while (this.#waiting.length > this.#bounds.maxWaiting || (this.#waiting.length > 1 && this.#waitingBytes > this.#bounds.maxWaitingBytes)) {
      this.#take()?.settle('skipped');
    }
    return promise;
  }

  /**
   * Lets go of everything that waits; nobody is told.
   * @returns what waited
   */
  clear(): Content[] {
    this.#waitingBytes = 0;
    return this.#waiting.splice(0).map(({ content }) => content);
  }

  #take(): Waiting<Content, Result> | undefined {
    const oldest = this.#waiting.shift();
    this.#waitingBytes -= oldest?.bytes ?? 0;
    return oldest;
  }

  async #run(): Promise<void> {
    this.#busy = true;
    for (let next = this.#take(); next; next = this.#take()) {
      const result = this.#work(next.content);
      next.settle(result);
      await result.catch(() => undefined);
    }
    this.#busy = false;
  }
}
