import { OperationGate } from './operation-gate.ts';

/**
 * For tests: stands for a process that is stopped (SIGSTOP) as it begins its n-th operation on the database or the broker,
 * and that later goes on from there without having noticed.
 */
export class PauseGate extends OperationGate {
  readonly #at: number;
  readonly #stopped = Promise.withResolvers<void>();
  readonly #resumed = Promise.withResolvers<void>();

  constructor(at: number) {
    super();
    this.#at = at;
  }

  /** Resolves when it stands. */
  get stopped(): Promise<void> {
    return this.#stopped.promise;
  }

  resume(): void {
    this.#resumed.resolve();
  }

  protected override async through<T>(operation: () => Promise<T>, here: number): Promise<T> {
    if (here >= this.#at) {
      this.#stopped.resolve();
      await this.#resumed.promise;
    }
    return operation();
  }
}
