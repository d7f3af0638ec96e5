import type { Match, Test } from './condition.ts';
import type { FilteredEvent } from './event-filter.ts';
import { withRoomFor } from './with-room-for.ts';

/** The term that holds for every event. */
export const always = 0;
const none = -1;

/** A way to compare an attribute. */
interface Comparison {
  readonly number: number;
  /** How long its values are and how many are so long, the shortest first. */
  readonly lengths: { readonly length: number; count: number }[];
  /** How many values there are. */
  size: number;
}

interface AttributeComparisons {
  readonly attribute: string;
  readonly comparisons: Readonly<Record<Match, Comparison>>;
}

/**
 * Turns what filters ask into numbers, and, once for each event, what it has: thousands of filters are then held against numbers.
 * A term is the test for one value: that an attribute has it, or begins or ends with it. A literal is a term or its
 * negation. Uses are counted, and a number is given again when nobody uses its term.
 *
 * An attribute of an event costs one look-up for exact values, and one for each length of a prefix or suffix that is
 * there, however many values there are. They are in a hash table of numbers, since a `Map` goes through the texts of
 * others on the way to one, and each of them has to be fetched from memory.
 */
export class Terms {
  readonly #byName = new Map<string, AttributeComparisons>();
  /** The same, to go through for each event. */
  #attributes: AttributeComparisons[] = [];
  #lastComparison = 0;

  // By term.
  readonly #values: string[] = [''];
  readonly #comparisons: (Comparison | undefined)[] = [undefined];
  readonly #uses: number[] = [0];
  /** Its hash, and the next term whose hash ends in the same bits: side by side, to be fetched at once. */
  #links = new Int32Array(2);

  /** By the last bits of a hash: the first term. */
  #heads: Int32Array = new Int32Array(8).fill(none);
  /** One that nobody knows: who writes filters could give them values of the same hash. */
  readonly #seed = Math.trunc(Math.random() * 2 ** 32);
  readonly #unused: number[] = [];

  readonly #held: number[] = [];
  /** By literal. Bytes, that the processor's cache has room for many. */
  #truths: Uint8Array = Uint8Array.of(1, 0);

  /** The terms that hold for the event that was read last. */
  get held(): readonly number[] {
    return this.#held;
  }

  /** By literal, whether it holds for the event that was read last: 1 or 0. */
  get truths(): Uint8Array {
    return this.#truths;
  }

  /** The term for one of the test's values, which stays until it is released as often as it was acquired. */
  acquire({ attribute, match }: Test, value: string): number {
    const comparison = this.#comparisonsOf(attribute).comparisons[match];
    const known = this.#find(comparison, value, 0, value.length);
    const term = known === none ? this.#add(comparison, value) : known;
    this.#uses[term]! += 1;
    return term;
  }

  release(term: number): void {
    if (term === always) return;
    this.#uses[term]! -= 1;
    if (this.#uses[term] === 0) this.#remove(term);
  }

  /** The term for a value, if there is one. */
  find({ attribute, match }: Test, value: string): number | undefined {
    const comparison = this.#byName.get(attribute)?.comparisons[match];
    const found = comparison === undefined ? none : this.#find(comparison, value, 0, value.length);
    return found === none ? undefined : found;
  }

  /** How many values an attribute is compared with in this way. */
  countLike({ attribute, match }: Test): number {
    return this.#byName.get(attribute)?.comparisons[match].size ?? 0;
  }

  /** How often the term for a value was acquired. */
  usesOf(test: Test, value: string): number {
    return this.#uses[this.find(test, value) ?? always]!;
  }

  /** Finds what holds for an event. */
  read(event: FilteredEvent): void {
    for (const term of this.#held) if (term !== always) this.#setHeld(term, false);
    this.#held.length = 0;
    this.#held.push(always);
    for (const { attribute, comparisons } of this.#attributes) {
      const value = event.attribute(attribute);
      if (value === undefined) continue;
      const { exact, prefix, suffix } = comparisons;
      if (exact.size > 0) this.#hold(this.#find(exact, value, 0, value.length));
      for (const { length } of prefix.lengths) if (length <= value.length) this.#hold(this.#find(prefix, value, 0, length));
      for (const { length } of suffix.lengths) if (length <= value.length) this.#hold(this.#find(suffix, value, value.length - length, value.length));
    }
    for (const term of this.#held) this.#setHeld(term, true);
  }

  #hold(term: number): void {
    if (term !== none) this.#held.push(term);
  }

  #setHeld(term: number, isHeld: boolean): void {
    this.#truths[literalOf(term, false)] = isHeld ? 1 : 0;
    this.#truths[literalOf(term, true)] = isHeld ? 0 : 1;
  }

  /** The term for a part of a text, which is all of it, its beginning or its end, as the comparison asks. */
  #find(comparison: Comparison, text: string, start: number, end: number): number {
    const hash = hashOf(this.#seed ^ comparison.number, text, start, end);
    const links = this.#links;
    let term = this.#heads[hash & (this.#heads.length - 1)]!;
    while (term !== none) {
      if (links[2 * term] === hash && isPart(text, this.#values[term]!, start, end)) break;
      term = links[2 * term + 1]!;
    }
    return term;
  }

  #add(comparison: Comparison, value: string): number {
    const term = this.#unused.pop() ?? this.#values.length;
    this.#values[term] = value;
    this.#comparisons[term] = comparison;
    this.#uses[term] = 0;
    this.#links = withRoomFor(this.#links, 2 * term + 1);
    this.#truths = withRoomFor(this.#truths, literalOf(term, true));
    this.#links[2 * term] = hashOf(this.#seed ^ comparison.number, value, 0, value.length);
    this.#setHeld(term, false);
    if (term < this.#heads.length) this.#link(term);
    else this.#rehash();
    comparison.size += 1;
    countLength(comparison, value.length, 1);
    return term;
  }

  #remove(term: number): void {
    const comparison = this.#comparisons[term]!;
    comparison.size -= 1;
    countLength(comparison, this.#values[term]!.length, -1);
    if (comparison.size === 0) this.#removeUnused();
    this.#unlink(term);
    this.#values[term] = '';
    this.#comparisons[term] = undefined;
    this.#unused.push(term);
  }

  #link(term: number): void {
    const head = this.#links[2 * term]! & (this.#heads.length - 1);
    this.#links[2 * term + 1] = this.#heads[head]!;
    this.#heads[head] = term;
  }

  #unlink(term: number): void {
    const head = this.#links[2 * term]! & (this.#heads.length - 1);
    if (this.#heads[head] === term) {
      this.#heads[head] = this.#links[2 * term + 1]!;
      return;
    }
    let before = this.#heads[head]!;
    while (this.#links[2 * before + 1] !== term) before = this.#links[2 * before + 1]!;
    this.#links[2 * before + 1] = this.#links[2 * term + 1]!;
  }

  #rehash(): void {
    this.#heads = new Int32Array(2 * this.#heads.length).fill(none);
    for (const [term, comparison] of this.#comparisons.entries()) if (comparison !== undefined) this.#link(term);
  }

  #comparisonsOf(attribute: string): AttributeComparisons {
    const found = this.#byName.get(attribute);
    if (found !== undefined) return found;
    const added = { attribute, comparisons: { exact: this.#newComparison(), prefix: this.#newComparison(), suffix: this.#newComparison() } };
    this.#byName.set(attribute, added);
    this.#attributes.push(added);
    return added;
  }

  #newComparison(): Comparison {
    this.#lastComparison += 1;
    return { number: this.#lastComparison, lengths: [], size: 0 };
  }

  #removeUnused(): void {
    const isUsed = ({ comparisons }: AttributeComparisons) => Object.values(comparisons).some(({ size }) => size > 0);
    for (const one of this.#attributes) if (!isUsed(one)) this.#byName.delete(one.attribute);
    this.#attributes = this.#attributes.filter(isUsed);
  }
}

/** A term, or its negation. */
export function literalOf(term: number, isNegated: boolean): number {
  return 2 * term + (isNegated ? 1 : 0);
}

export function termOf(literal: number): number {
  return literal >> 1;
}

function countLength({ lengths }: Comparison, length: number, change: 1 | -1): void {
  const known = lengths.find((one) => one.length === length);
  if (known === undefined) lengths.push({ length, count: change });
  else known.count += change;
  if (known?.count === 0) lengths.splice(lengths.indexOf(known), 1);
  else if (known === undefined) lengths.sort((one, other) => one.length - other.length);
}

/**
 * FNV-1a of the characters from one position to another, with its high bits mixed into the low ones. All of it can be
 * reversed, so that a text with another seed has another hash: what has the same text and hash is of the same comparison.
 */
function hashOf(seed: number, text: string, start: number, end: number): number {
  let hash = seed;
  for (let position = start; position < end; position += 1) hash = Math.imul(hash ^ text.charCodeAt(position), 0x0100_0193);
  return hash ^ (hash >>> 15);
}

/** Whether what stands there is the value; compared as a whole where it can be, which is faster. */
function isPart(text: string, value: string, start: number, end: number): boolean {
  return value.length === end - start && (value.length === text.length ? text === value : text.startsWith(value, start));
}
