/**
 * Follows how far a stream is done when its events are finished out of order, since calls do not wait for each other.
 */
export class PositionTracker {
  #doneThrough: number;
  readonly #open: number[] = [];
  readonly #finished = new Set<number>();

  /** @param doneThrough stream sequence up to which all is done already. */
  constructor(doneThrough: number) {
    this.#doneThrough = doneThrough;
  }

  /** Everything up to and including this stream sequence is done. */
  get doneThrough(): number {
    return this.#doneThrough;
  }

  /** Everything up to and including this stream sequence is done, or under way. */
  get begunThrough(): number {
    return this.#open.at(-1) ?? this.#doneThrough;
  }

  /** Events begun and not done. */
  get openCount(): number {
    return this.#open.length;
  }

  /** Sequences are begun in ascending order. */
  begin(sequence: number): void {
    this.#open.push(sequence);
  }

  finish(sequence: number): void {
    this.#finished.add(sequence);
    while (this.#open.length > 0 && this.#finished.delete(this.#open[0]!)) this.#doneThrough = this.#open.shift()!;
  }
}
