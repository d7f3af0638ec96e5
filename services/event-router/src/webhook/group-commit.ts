import { setTimeout as sleep } from 'node:timers/promises';

export interface GroupCommitOptions<Item> {
  /** Writes some at once, in order. It is repeated until it succeeds, so a repeat must change nothing. */
  readonly commit: (items: readonly Item[]) => Promise<void>;
  /** Items of one key are never written at once, and keep their order. */
  readonly keyOf?: (item: Item) => string;
  readonly largestGroup: number;
  readonly onError: (error: unknown) => void;
}

export interface AddOptions {
  /** Aborted: the item need not be written any more. */
  readonly signal?: AbortSignal;
  /** How long it may wait for others to come, in ms; default 0. */
  readonly lingerMs?: number;
}

interface Waiting<Item> {
  readonly item: Item;
  readonly signal: AbortSignal | undefined;
  readonly lingerMs: number;
  readonly resolve: () => void;
  readonly reject: (reason: unknown) => void;
}

const retryMs = 500;

/** Gathers what many want to write while a write is under way, and writes it with the next one: a write for many. */
export class GroupCommit<Item> {
  readonly #options: GroupCommitOptions<Item>;
  #waiting: Waiting<Item>[] = [];
  /** Those of them that do not linger. */
  #urgent = 0;
  #running: Promise<void> | undefined;
  #timer: NodeJS.Timeout | undefined;

  constructor(options: GroupCommitOptions<Item>) {
    this.#options = options;
  }

  /** Items that are not written yet, nor being written. */
  get size(): number {
    return this.#waiting.length;
  }

  /**
   * Resolves once it is written.
   * @throws the signal's reason, if it is aborted first
   */
  add(item: Item, { signal, lingerMs = 0 }: AddOptions = {}): Promise<void> {
    const { promise, resolve, reject } = Promise.withResolvers<void>();
    this.#waiting.push({ item, signal, lingerMs, resolve, reject });
    if (lingerMs === 0) this.#urgent += 1;
    if (!this.#mayLinger()) this.#start();
    else if (this.#running === undefined) this.#startIn(lingerMs);
    return promise;
  }

  /** Writes what waits; resolves when nothing does. */
  async flush(): Promise<void> {
    while (this.#waiting.length > 0 || this.#running !== undefined) {
      this.#start();
      await this.#running;
    }
  }

  #startIn(ms: number): void {
    this.#timer ??= setTimeout(() => this.#start(), ms);
  }

  #start(): void {
    clearTimeout(this.#timer);
    this.#timer = undefined;
    this.#running ??= this.#run().finally(() => {
      this.#running = undefined;
      const [next] = this.#waiting;
      if (next !== undefined) this.#startIn(this.#mayLinger() ? next.lingerMs : 0);
    });
  }

  /** Whether what waits may wait for more; else a steady stream would be written in many small groups. */
  #mayLinger(): boolean {
    return this.#urgent === 0 && this.#waiting.length < this.#options.largestGroup;
  }

  async #run(): Promise<void> {
    // Those who add in the same turn go together.
    await Promise.resolve();
    do {
      const group = this.#nextGroup();
      if (group.length === 0) continue;
      try {
        await this.#options.commit(group.map(({ item }) => item));
        for (const { resolve } of group) resolve();
      } catch (error) {
        this.#options.onError(error);
        this.#waiting = [...group, ...this.#waiting];
        this.#urgent += urgentOf(group);
        await sleep(retryMs, undefined, { ref: false });
      }
    } while (!this.#mayLinger());
  }

  #nextGroup(): Waiting<Item>[] {
    const { keyOf, largestGroup } = this.#options;
    const group: Waiting<Item>[] = [];
    const keys = new Set<string>();
    let taken = 0;
    for (const one of this.#waiting) {
      const key = keyOf?.(one.item);
      if (group.length === largestGroup || (key !== undefined && keys.has(key))) break;
      taken += 1;
      if (one.signal?.aborted === true) {
        one.reject(one.signal.reason);
        continue;
      }
      if (key !== undefined) keys.add(key);
      group.push(one);
    }
    this.#urgent -= urgentOf(this.#waiting.splice(0, taken));
    return group;
  }
}

function urgentOf(waiting: readonly Waiting<unknown>[]): number {
  return waiting.reduce((sum, { lingerMs }) => sum + (lingerMs === 0 ? 1 : 0), 0);
}
