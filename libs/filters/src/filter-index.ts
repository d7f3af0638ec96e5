import { conditionOf, textOf, type Condition, type Test } from './condition.ts';
import { EntryLists, entryLength } from './entry-lists.ts';
import type { EventFilter, FilteredEvent } from './event-filter.ts';
import { SharedConditions } from './shared-conditions.ts';
import { always, literalOf, termOf, Terms } from './terms.ts';
import { withRoomFor } from './with-room-for.ts';

/** The subscribers that ask for the same, in whatever words: they are found and tested as one. */
interface Group {
  readonly text: string;
  /** Its position in all that is kept by group. */
  readonly number: number;
  readonly places: Place[];
}

/** Where a subscriber is. */
interface Membership {
  readonly group: Group;
  /** 0: the first; else one more than the position among the others. */
  position: number;
}

/** A way in which a group may be found: the term it hangs under, and its position there. */
interface Place {
  readonly term: number;
  position: number;
}

/** In place of a literal or a condition: there is none that has to hold. */
const nothing = -1;

/**
 * Finds the subscribers whose filter an event passes, at a cost that follows the matches and not the number of subscribers.
 * Each filter hangs under terms that an event must have to pass it; only what hangs under an event's own terms is tested
 * for the rest. Filters that ask for no value at all (only for what must not be) are tested for each event.
 *
 * With very many subscribers it is fetching from memory that costs. So what is looked at for each event are numbers that
 * stand side by side; objects are for what comes and goes.
 */
export class FilterIndex<Subscriber> {
  readonly #memberships = new Map<Subscriber, Membership>();
  readonly #groups = new Map<string, Group>();
  readonly #terms = new Terms();
  readonly #conditions = new SharedConditions(this.#terms);
  /** What hangs under each term: numbers of groups, each with a literal and a condition that have to hold, too. */
  readonly #entries = new EntryLists();

  // By the number of a group.
  readonly #byNumber: (Group | undefined)[] = [];
  readonly #first: (Subscriber | undefined)[] = [];
  /** Most groups have one subscriber, and no array. */
  readonly #others: (Subscriber[] | undefined)[] = [];
  /** Whether it was found for the event at hand, which it may be in several ways: 1 or 0. */
  #isFound = new Uint8Array(1);

  readonly #unused: number[] = [];
  readonly #found: number[] = [];
  #lookedAt = 0;

  /** How many subscribers there are. */
  get size(): number {
    return this.#memberships.size;
  }

  /** The work so far: how many terms of events, and entries under them, were looked at. */
  get lookedAt(): number {
    return this.#lookedAt;
  }

  /** Puts in a subscriber, or gives it another filter. */
  put(subscriber: Subscriber, filter: EventFilter): void {
    this.delete(subscriber);
    const condition = conditionOf(filter);
    const text = textOf(condition);
    const group = this.#groups.get(text);
    if (group === undefined) this.#memberships.set(subscriber, { group: this.#newGroup(text, condition, subscriber), position: 0 });
    else this.#memberships.set(subscriber, { group, position: (this.#others[group.number] ??= []).push(subscriber) });
  }

  /** @returns whether it was there. */
  delete(subscriber: Subscriber): boolean {
    const membership = this.#memberships.get(subscriber);
    if (membership === undefined) return false;
    this.#memberships.delete(subscriber);
    const { group, position } = membership;
    const others = this.#others[group.number] ?? [];
    const isLast = position === others.length;
    const last = others.pop();
    if (last === undefined) this.#removeGroup(group);
    else if (!isLast) this.#move(last, group, position);
    return true;
  }

  /**
   * The subscribers whose filter the event passes, each once, in no order.
   * @param into where they are appended; give the same array, emptied, again and again to spare the collector.
   */
  matching(event: FilteredEvent, into: Subscriber[] = []): Subscriber[] {
    this.#terms.read(event);
    for (const term of this.#terms.held) this.#findUnder(term);
    for (const number of this.#found) {
      this.#isFound[number] = 0;
      into.push(this.#first[number]!);
      const others = this.#others[number];
      if (others !== undefined) for (const subscriber of others) into.push(subscriber);
    }
    this.#found.length = 0;
    return into;
  }

  #findUnder(term: number): void {
    const { truths } = this.#terms;
    const { numbers } = this.#entries;
    const start = this.#entries.startOf(term);
    const size = this.#entries.sizeOf(term);
    const end = start + size * entryLength;
    this.#lookedAt += 1 + size;
    for (let entry = start; entry < end; entry += entryLength) {
      const literal = numbers[entry + 1]!;
      if (literal !== nothing && truths[literal] === 0) continue;
      const condition = numbers[entry + 2]!;
      if (condition !== nothing && !this.#conditions.holds(condition)) continue;
      const number = numbers[entry]!;
      if (this.#isFound[number] === 1) continue;
      this.#isFound[number] = 1;
      this.#found.push(number);
    }
  }

  #move(subscriber: Subscriber, group: Group, position: number): void {
    if (position === 0) this.#first[group.number] = subscriber;
    else this.#others[group.number]![position - 1] = subscriber;
    this.#memberships.get(subscriber)!.position = position;
  }

  #newGroup(text: string, condition: Condition, first: Subscriber): Group {
    const number = this.#unused.pop() ?? this.#byNumber.length;
    const group: Group = { text, number, places: [] };
    this.#groups.set(text, group);
    this.#byNumber[number] = group;
    this.#first[number] = first;
    this.#others[number] = undefined;
    this.#isFound = withRoomFor(this.#isFound, number);
    this.#place(group, condition, []);
    return group;
  }

  #removeGroup(group: Group): void {
    // One by one: what is taken out gives its position to another, which may be of the same group.
    for (let place = group.places.pop(); place !== undefined; place = group.places.pop()) this.#takeOut(place);
    this.#groups.delete(group.text);
    this.#byNumber[group.number] = undefined;
    this.#first[group.number] = undefined;
    this.#others[group.number] = undefined;
    this.#unused.push(group.number);
  }

  /** @param besides what has to hold, too. */
  #place(group: Group, condition: Condition, besides: readonly Condition[]): void {
    if (this.#costOf(condition) === undefined) this.#hang(group, always, [condition, ...besides]);
    else if (condition.kind === 'test') {
      for (const value of condition.values) this.#hang(group, this.#terms.acquire(condition, value), besides);
    } else if (condition.kind === 'any') {
      for (const branch of condition.of) this.#place(group, branch, besides);
    } else {
      const chosen = this.#cheapest(condition.of)!.condition;
      this.#place(group, chosen, [...condition.of.filter((one) => one !== chosen), ...besides]);
    }
  }

  /** @param term acquired for it. */
  #hang(group: Group, term: number, besides: readonly Condition[]): void {
    const deciding = this.#rarest(besides);
    const others = besides.filter((one) => one !== deciding);
    const literal = deciding === undefined ? nothing : literalOf(this.#terms.acquire(deciding, deciding.values[0]!), deciding.isNegated);
    const condition = others.length === 0 ? nothing : this.#conditions.acquire({ kind: 'all', of: others });
    group.places.push({ term, position: this.#entries.add(term, [group.number, literal, condition]) });
  }

  #takeOut({ term, position }: Place): void {
    const [, literal, condition] = this.#entries.at(term, position);
    const last = this.#entries.sizeOf(term) - 1;
    if (position < last) {
      const [number] = this.#entries.at(term, last);
      this.#byNumber[number]!.places.find((place) => place.term === term && place.position === last)!.position = position;
    }
    this.#entries.remove(term, position);
    this.#terms.release(term);
    if (literal !== nothing) this.#terms.release(termOf(literal));
    if (condition !== nothing) this.#conditions.release(condition);
  }

  /** The test for one value that the fewest ask for: it says most, and without it the others are the same as those of other filters. */
  #rarest(conditions: readonly Condition[]): Test | undefined {
    const single = conditions.filter((one): one is Test => one.kind === 'test' && one.values.length === 1);
    const uses = new Map(single.map((test) => [test, this.#terms.usesOf(test, test.values[0]!)]));
    return single.sort((one, other) => uses.get(one)! - uses.get(other)!)[0];
  }

  /** What finding events by the condition is expected to cost; undefined when it names no values that they must have. */
  #costOf(condition: Condition): number | undefined {
    switch (condition.kind) {
      case 'test':
        return this.#costOfTest(condition);
      case 'all':
        return this.#cheapest(condition.of)?.cost;
      case 'any':
        return condition.of.reduce<number | undefined>((sum, branch) => plus(sum, this.#costOf(branch)), 0);
    }
  }

  /**
   * What is there already for its values, in proportion to how likely an event has just these values, of all that are there.
   * One that is negated holds for events without the attribute, too: there is no value to find them by.
   */
  #costOfTest(test: Test): number | undefined {
    if (test.isNegated) return undefined;
    const sizeOf = (term: number | undefined) => (term === undefined ? 0 : this.#entries.sizeOf(term));
    return test.values.reduce((sum, value) => sum + 1 + sizeOf(this.#terms.find(test, value)), 0) / (1 + this.#terms.countLike(test));
  }

  #cheapest(conditions: readonly Condition[]): { readonly condition: Condition; readonly cost: number } | undefined {
    const costs = conditions.flatMap((condition) => {
      const cost = this.#costOf(condition);
      return cost === undefined ? [] : [{ condition, cost }];
    });
    return costs.sort((one, other) => one.cost - other.cost)[0];
  }
}

function plus(one: number | undefined, other: number | undefined): number | undefined {
  return one === undefined || other === undefined ? undefined : one + other;
}
