/** Bounds how many requests go to one endpoint at a time, so that a slow one holds up nobody else and is not overrun. */
export class EndpointSlots {
  readonly #perEndpoint: number;
  readonly #endpoints = new Map<string, { taken: number; readonly waiting: (() => void)[] }>();

  constructor(perEndpoint: number) {
    this.#perEndpoint = perEndpoint;
  }

  /** Runs the work once the endpoint has a slot free, first come first served. */
  async with<Result>(endpoint: string, work: () => Promise<Result>): Promise<Result> {
    await this.#take(endpoint);
    try {
      return await work();
    } finally {
      this.#release(endpoint);
    }
  }

  #take(endpoint: string): Promise<void> | void {
    const slots = this.#endpoints.get(endpoint) ?? { taken: 0, waiting: [] };
    this.#endpoints.set(endpoint, slots);
    if (slots.taken < this.#perEndpoint) {
      slots.taken += 1;
      return;
    }
    return new Promise((resolve) => slots.waiting.push(resolve));
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
