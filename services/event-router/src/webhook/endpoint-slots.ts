/** Bounds how many requests go to one endpoint at a time, so that a slow one holds up nobody else and is not overrun. */
export class EndpointSlots {
  readonly #perEndpoint: number;
  readonly #endpoints = new Map<string, { taken: number; readonly waiting: (() => void)[] }>();

  constructor(perEndpoint: number) {
    this.#perEndpoint = perEndpoint;
  }

  /**
   * Runs the work once the endpoint has a slot free, first come first served.
   * @param signal gives up the wait for a slot, which may take as long as all who came before; begun work is told by its owner.
   * @throws the signal's reason, if it is aborted before there was a slot
   */
  async with<Result>(endpoint: string, work: () => Promise<Result>, signal: AbortSignal): Promise<Result> {
    await this.#take(endpoint, signal);
    try {
      return await work();
    } finally {
      this.#release(endpoint);
    }
  }

  #take(endpoint: string, signal: AbortSignal): Promise<void> | void {
    signal.throwIfAborted();
    const slots = this.#endpoints.get(endpoint) ?? { taken: 0, waiting: [] };
    this.#endpoints.set(endpoint, slots);
    if (slots.taken < this.#perEndpoint) {
      slots.taken += 1;
      return;
    }
    return turnIn(slots.waiting, signal);
  }

  #release(endpoint: string): void {
    const slots = this.#endpoints.get(endpoint)!;
    const next = slots.waiting.shift();
    // The slot goes straight to the one that waited longest.
    if (next !== undefined) return next();
    slots.taken -= 1;
    if (slots.taken === 0) this.#endpoints.delete(endpoint);
  }
}

/** Resolves when it is called from the queue; leaves the queue and rejects when the signal is aborted first. */
function turnIn(waiting: (() => void)[], signal: AbortSignal): Promise<void> {
  const { promise, resolve, reject } = Promise.withResolvers<void>();
  const giveUp = (): void => {
    waiting.splice(waiting.indexOf(proceed), 1);
    reject(signal.reason);
  };
  const proceed = (): void => {
    signal.removeEventListener('abort', giveUp);
    resolve();
  };
  waiting.push(proceed);
  signal.addEventListener('abort', giveUp, { once: true });
  return promise;
}
