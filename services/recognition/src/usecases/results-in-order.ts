/**
 * Results in the order in which their work was pushed, whatever order they come in. Read by one reader, in batches of
 * what is ready, so that a slow reader gets more at a time.
 */
export class ResultsInOrder<Result> {
  readonly #maxOpen: number;
  readonly #maxBatch: number;
  readonly #open: { result?: Result }[] = [];
  #ended = false;
  #abandoned = false;
  #changed = Promise.withResolvers<void>();

  constructor({ maxOpen, maxBatch }: { readonly maxOpen: number; readonly maxBatch: number }) {
    this.#maxOpen = maxOpen;
    this.#maxBatch = maxBatch;
  }

  get hasEnded(): boolean {
    return this.#ended;
  }

  get isAbandoned(): boolean {
    return this.#abandoned;
  }

  /** Resolves when there is room for the next; does not wait for the work. The work must not reject. */
  async push(work: Promise<Result>): Promise<void> {
    const slot: { result?: Result } = {};
    if (!this.#abandoned) this.#open.push(slot);
    void work.then((result) => {
      slot.result = result;
      return this.#signal();
    });
    while (this.#open.length >= this.#maxOpen && !this.#ended) await this.#changed.promise;
  }

  /** No more work follows. */
  end(): void {
    this.#ended = true;
    this.#signal();
  }

  /** Nobody wants the results any more: none is read that was not read yet. */
  abandon(): void {
    this.#abandoned = true;
    this.#open.length = 0;
    this.end();
  }

  async *batches(): AsyncGenerator<Result[], void, void> {
    for (;;) {
      const ready = this.#open.findIndex((slot) => !('result' in slot));
      const count = Math.min(ready === -1 ? this.#open.length : ready, this.#maxBatch);
      if (count > 0) {
        const batch = this.#open.splice(0, count).map((slot) => slot.result as Result);
        this.#signal();
        yield batch;
      } else if (this.#ended && this.#open.length === 0) {
        return;
      } else {
        await this.#changed.promise;
      }
    }
  }

  #signal(): void {
    this.#changed.resolve();
    this.#changed = Promise.withResolvers<void>();
  }
}
