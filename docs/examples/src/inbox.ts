/** Messages of a stream as they come, to wait for one of a kind. */
export class Inbox<Message extends { readonly $case: string }> {
  readonly #unread: Message[] = [];
  readonly #waiting = new Set<() => void>();
  #failure: Error | undefined;

  push(message: Message): void {
    this.#unread.push(message);
    this.#wake();
  }

  /** From now on, waiting for what has not come fails. */
  fail(failure: Error): void {
    this.#failure = failure;
    this.#wake();
  }

  /** The oldest unread message of the kind, also if it came before this was called. */
  async next<Case extends Message['$case']>(kind: Case, timeoutMs = 30_000): Promise<Extract<Message, { $case: Case }>> {
    const deadline = Date.now() + timeoutMs;
    for (;;) {
      const index = this.#unread.findIndex((message) => message.$case === kind);
      if (index >= 0) return this.#unread.splice(index, 1)[0] as Extract<Message, { $case: Case }>;
      if (this.#failure !== undefined) throw this.#failure;
      if (Date.now() >= deadline) throw new Error(`no ${kind} within ${timeoutMs} ms`);
      await this.#change(deadline - Date.now());
    }
  }

  #change(timeoutMs: number): Promise<void> {
    return new Promise((resolve) => {
      const timer = setTimeout(() => settle(), timeoutMs);
      const settle = () => {
        clearTimeout(timer);
        this.#waiting.delete(settle);
        resolve();
      };
      this.#waiting.add(settle);
    });
  }

  #wake(): void {
    for (const settle of this.#waiting) settle();
  }
}
