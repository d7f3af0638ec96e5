import type { Match, Test } from './condition.ts';
import type { FilteredEvent } from './event-filter.ts';

/** Where an item is kept, so that it can be taken out at once; the table's own. */
export interface Place<Item> {
  readonly bucket: Bucket<Item>;
  position: number;
}

/** What can be kept: it has its place in itself, which spares the processor a way for each item that is found. */
export interface Placed<Item> {
  place: Place<Item> | undefined;
}

/** All that is kept under one value: exact, or as the beginning or end of an event's value. */
export interface Bucket<Item> {
  readonly lookup: Lookup<Item>;
  readonly value: string;
  readonly items: Item[];
}

/** The buckets of one way to compare an attribute. */
interface Lookup<Item> {
  readonly buckets: Map<string, Bucket<Item>>;
  /** How long the values are and how many are so long, the shortest first. */
  readonly lengths: { readonly length: number; count: number }[];
}

interface AttributeLookups<Item> {
  readonly attribute: string;
  readonly lookups: Readonly<Record<Match, Lookup<Item>>>;
}

/**
 * Finds what is kept under the values that an event has. An attribute costs one look-up for exact values, and one for each
 * length of a prefix or suffix that is there, however many values there are.
 */
export class AccessTable<Item extends Placed<Item>> {
  readonly #byName = new Map<string, AttributeLookups<Item>>();
  /** The same, to go through for each event. */
  #attributes: AttributeLookups<Item>[] = [];

  /** @param value one of the test's. */
  put({ attribute, match }: Test, value: string, item: Item): void {
    const lookup = this.#lookupsOf(attribute).lookups[match];
    const bucket = lookup.buckets.get(value) ?? newBucket(lookup, value);
    item.place = { bucket, position: bucket.items.length };
    bucket.items.push(item);
  }

  /** Takes out one that was put in. */
  remove(item: Item): void {
    const { bucket, position } = item.place!;
    const { lookup, items } = bucket;
    const last = items.pop()!;
    if (last !== item) {
      items[position] = last;
      last.place!.position = position;
    }
    item.place = undefined;
    if (items.length > 0) return;
    lookup.buckets.delete(bucket.value);
    countLength(lookup, bucket.value.length, -1);
    if (lookup.buckets.size === 0) this.#removeUnused();
  }

  /**
   * How much an event is expected to cost for what is kept under a test: what is there already for its values, in
   * proportion to how likely an event has just these values, of all that are there.
   */
  costOf({ attribute, match, values }: Test): number {
    const buckets = this.#byName.get(attribute)?.lookups[match].buckets;
    const size = values.reduce((sum, value) => sum + 1 + (buckets?.get(value)?.items.length ?? 0), 0);
    return size / (1 + (buckets?.size ?? 0));
  }

  /** Appends the buckets that the event's values lead to. */
  find(event: FilteredEvent, into: Bucket<Item>[]): void {
    for (const { attribute, lookups } of this.#attributes) {
      const value = event.attribute(attribute);
      if (value === undefined) continue;
      const exact = lookups.exact.buckets.get(value);
      if (exact !== undefined) into.push(exact);
      findBySlices(lookups.prefix, value, prefixOf, into);
      findBySlices(lookups.suffix, value, suffixOf, into);
    }
  }

  #lookupsOf(attribute: string): AttributeLookups<Item> {
    const found = this.#byName.get(attribute);
    if (found !== undefined) return found;
    const added = { attribute, lookups: { exact: newLookup<Item>(), prefix: newLookup<Item>(), suffix: newLookup<Item>() } };
    this.#byName.set(attribute, added);
    this.#attributes.push(added);
    return added;
  }

  #removeUnused(): void {
    const isUsed = ({ lookups }: AttributeLookups<Item>) => Object.values(lookups).some(({ buckets }) => buckets.size > 0);
    for (const one of this.#attributes) if (!isUsed(one)) this.#byName.delete(one.attribute);
    this.#attributes = this.#attributes.filter(isUsed);
  }
}

function newLookup<Item>(): Lookup<Item> {
  return { buckets: new Map(), lengths: [] };
}

function newBucket<Item>(lookup: Lookup<Item>, value: string): Bucket<Item> {
  const bucket: Bucket<Item> = { lookup, value, items: [] };
  lookup.buckets.set(value, bucket);
  countLength(lookup, value.length, 1);
  return bucket;
}

function countLength({ lengths }: Pick<Lookup<unknown>, 'lengths'>, length: number, change: 1 | -1): void {
  const known = lengths.find((one) => one.length === length);
  if (known === undefined) lengths.push({ length, count: change });
  else known.count += change;
  if (known?.count === 0) lengths.splice(lengths.indexOf(known), 1);
  else if (known === undefined) lengths.sort((one, other) => one.length - other.length);
}

function prefixOf(value: string, length: number): string {
  return value.slice(0, length);
}

function suffixOf(value: string, length: number): string {
  return value.slice(value.length - length);
}

function findBySlices<Item>({ buckets, lengths }: Lookup<Item>, value: string, sliceOf: (value: string, length: number) => string, into: Bucket<Item>[]): void {
  for (const { length } of lengths) {
    if (length > value.length) return;
    const found = buckets.get(sliceOf(value, length));
    if (found !== undefined) into.push(found);
  }
}
