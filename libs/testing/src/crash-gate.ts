import { OperationGate } from './operation-gate.ts';

/** What a dead process says. Nothing may catch it and go on. */
export class Crash extends Error {
  override readonly name = 'Crash';
}

/**
 * For tests: stands for a process that dies at its n-th operation on the database or the broker, just before it or just
 * after it was done but before anybody heard of it. From then on nothing of this process gets through any more.
 */
export class CrashGate extends OperationGate {
  readonly #at: number;
  readonly #when: 'before' | 'after';

  constructor(at = Number.POSITIVE_INFINITY, when: 'before' | 'after' = 'before') {
    super();
    this.#at = at;
    this.#when = when;
  }

  protected override async through<T>(operation: () => Promise<T>, here: number): Promise<T> {
    if (here > this.#at || (here === this.#at && this.#when === 'before')) throw new Crash(`before operation ${here}`);
    const result = await operation();
    if (here === this.#at) throw new Crash(`after operation ${here}`);
    return result;
  }
}
