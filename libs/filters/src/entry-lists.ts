import { withRoomFor } from './with-room-for.ts';

/** How many numbers an entry has. */
export const entryLength = 3;
/** Of a piece: how many entries there are, and of how many there may be the binary logarithm. */
const headerLength = 2;

export type Entry = readonly [number, number, number];

/**
 * Lists of entries, one for each term, all of them in one array and each in one piece of it: what hangs under a term is
 * then fetched from memory at once, where an array of its own would lie anywhere, and its objects elsewhere.
 *
 * A list that outgrows its piece moves to one of twice the room; the one that it leaves is for the next list of that room.
 */
export class EntryLists {
  /** Begins with the piece of all lists that are empty. */
  #numbers = new Int32Array(headerLength);
  #end = headerLength;
  /** By term, where its piece begins. */
  #starts = new Int32Array(1);
  /** By the logarithm of their room: where pieces begin that nobody uses. */
  readonly #unused: number[][] = [];

  /** The entries, and what is between them; another array after each `add`. */
  get numbers(): Int32Array {
    return this.#numbers;
  }

  /** Where among the numbers the entries of a term begin. */
  startOf(term: number): number {
    return this.#pieceOf(term) + headerLength;
  }

  /** How many entries a term has. */
  sizeOf(term: number): number {
    return this.#numbers[this.#pieceOf(term)]!;
  }

  /** @param position below the size. */
  at(term: number, position: number): Entry {
    const start = this.startOf(term) + position * entryLength;
    return [this.#numbers[start]!, this.#numbers[start + 1]!, this.#numbers[start + 2]!];
  }

  /** @returns the position of the entry, which is the last. */
  add(term: number, entry: Entry): number {
    const size = this.sizeOf(term);
    if (size === this.#roomOf(term)) this.#move(term, size);
    this.#numbers.set(entry, this.startOf(term) + size * entryLength);
    this.#numbers[this.#pieceOf(term)] = size + 1;
    return size;
  }

  /** Takes out an entry: the last one takes its position. */
  remove(term: number, position: number): void {
    const piece = this.#pieceOf(term);
    const size = this.sizeOf(term) - 1;
    this.#numbers.set(this.at(term, size), this.startOf(term) + position * entryLength);
    this.#numbers[piece] = size;
    if (size > 0) return;
    this.#starts[term] = 0;
    this.#giveBack(piece);
  }

  #pieceOf(term: number): number {
    return this.#starts[term] ?? 0;
  }

  #roomOf(term: number): number {
    const piece = this.#pieceOf(term);
    return piece === 0 ? 0 : 2 ** this.#numbers[piece + 1]!;
  }

  #move(term: number, size: number): void {
    const from = this.#pieceOf(term);
    const to = this.#take(from === 0 ? 0 : this.#numbers[from + 1]! + 1);
    const entries = from + headerLength;
    this.#numbers.copyWithin(to + headerLength, entries, entries + size * entryLength);
    this.#starts = withRoomFor(this.#starts, term);
    this.#starts[term] = to;
    if (from !== 0) this.#giveBack(from);
  }

  #take(logarithm: number): number {
    const unused = this.#unused[logarithm]?.pop();
    if (unused !== undefined) return unused;
    const piece = this.#end;
    this.#end += headerLength + entryLength * 2 ** logarithm;
    this.#numbers = withRoomFor(this.#numbers, this.#end - 1);
    this.#numbers[piece + 1] = logarithm;
    return piece;
  }

  #giveBack(piece: number): void {
    this.#numbers[piece] = 0;
    (this.#unused[this.#numbers[piece + 1]!] ??= []).push(piece);
  }
}
