import { AccessTable, type Bucket, type Place, type Placed } from './access-table.ts';
import { both, compileCondition, type Passes } from './compile-filter.ts';
import { conditionOf, textOf, type Condition, type Test } from './condition.ts';
import type { EventFilter, FilteredEvent } from './event-filter.ts';

/** The subscribers that ask for the same, in whatever words: they are found and tested as one. */
interface Group<Subscriber> {
  readonly text: string;
  /** Most groups have one subscriber: it stands here, where it needs no array. */
  first: Subscriber;
  readonly others: Subscriber[];
  readonly candidates: Candidate<Subscriber>[];
  /** Of the last event that it was reported for: it may be found in several ways. */
  round: number;
}

/** Where a subscriber is. */
interface Membership<Subscriber> {
  readonly group: Group<Subscriber>;
  /** 0: the first; else one more than the position among the others. */
  position: number;
}

/** A way in which a group may be found, and what has to hold besides; undefined: nothing. */
interface Candidate<Subscriber> extends Placed<Candidate<Subscriber>> {
  readonly group: Group<Subscriber>;
  readonly passes: Passes | undefined;
  place: Place<Candidate<Subscriber>> | undefined;
}

/**
 * Finds the subscribers whose filter an event passes, at a cost that follows the matches and not the number of subscribers.
 * Each filter hangs under values that an event must have to pass it (its access tests); only what hangs under an event's
 * own values is tested for the rest. Filters that ask for no value at all (only for what must not be) are tested for each event.
 */
export class FilterIndex<Subscriber> {
  readonly #memberships = new Map<Subscriber, Membership<Subscriber>>();
  readonly #groups = new Map<string, Group<Subscriber>>();
  readonly #table = new AccessTable<Candidate<Subscriber>>();
  /** By group: those that hang under no value. */
  readonly #others = new Map<Group<Subscriber>, Passes>();
  readonly #found: Bucket<Candidate<Subscriber>>[] = [];
  #round = 0;

  /** How many subscribers there are. */
  get size(): number {
    return this.#memberships.size;
  }

  /** Puts in a subscriber, or gives it another filter. */
  put(subscriber: Subscriber, filter: EventFilter): void {
    this.delete(subscriber);
    const condition = conditionOf(filter);
    const text = textOf(condition);
    const group = this.#groups.get(text);
    if (group === undefined) this.#memberships.set(subscriber, { group: this.#newGroup(text, condition, subscriber), position: 0 });
    else this.#memberships.set(subscriber, { group, position: group.others.push(subscriber) });
  }

  /** @returns whether it was there. */
  delete(subscriber: Subscriber): boolean {
    const membership = this.#memberships.get(subscriber);
    if (membership === undefined) return false;
    this.#memberships.delete(subscriber);
    const { group, position } = membership;
    const isLast = position === group.others.length;
    const last = group.others.pop();
    if (last === undefined) this.#removeGroup(group);
    else if (!isLast) this.#move(last, group, position);
    return true;
  }

  /**
   * The subscribers whose filter the event passes, each once, in no order.
   * @param into where they are appended; give the same array, emptied, again and again to spare the collector.
   */
  matching(event: FilteredEvent, into: Subscriber[] = []): Subscriber[] {
    this.#round += 1;
    this.#table.find(event, this.#found);
    for (const { items } of this.#found) {
      for (const { passes, group } of items) {
        if ((passes === undefined || passes(event)) && group.round !== this.#round) this.#report(group, into);
      }
    }
    this.#found.length = 0;
    for (const [group, passes] of this.#others) if (passes(event)) this.#report(group, into);
    return into;
  }

  #report(group: Group<Subscriber>, into: Subscriber[]): void {
    group.round = this.#round;
    into.push(group.first);
    for (const subscriber of group.others) into.push(subscriber);
  }

  #move(subscriber: Subscriber, group: Group<Subscriber>, position: number): void {
    if (position === 0) group.first = subscriber;
    else group.others[position - 1] = subscriber;
    this.#memberships.get(subscriber)!.position = position;
  }

  #newGroup(text: string, condition: Condition, first: Subscriber): Group<Subscriber> {
    const group: Group<Subscriber> = { text, first, others: [], candidates: [], round: 0 };
    this.#groups.set(text, group);
    if (this.#costOf(condition) === undefined) this.#others.set(group, compileCondition(condition));
    else this.#place(group, condition, undefined);
    return group;
  }

  #removeGroup(group: Group<Subscriber>): void {
    this.#groups.delete(group.text);
    this.#others.delete(group);
    for (const candidate of group.candidates) this.#table.remove(candidate);
  }

  /** @param rest what has to hold besides the condition, which has a cost. */
  #place(group: Group<Subscriber>, condition: Condition, rest: Passes | undefined): void {
    if (condition.kind === 'test') {
      for (const value of condition.values) {
        const candidate: Candidate<Subscriber> = { group, passes: rest, place: undefined };
        this.#table.put(condition, value, candidate);
        group.candidates.push(candidate);
      }
    } else if (condition.kind === 'any') {
      for (const branch of condition.of) this.#place(group, branch, rest);
    } else {
      const chosen = this.#cheapest(condition.of)!.condition;
      const others = condition.of.filter((one) => one !== chosen);
      this.#place(group, chosen, rest === undefined ? compileAll(others) : both(compileAll(others), rest));
    }
  }

  /** What finding events by the condition is expected to cost; undefined when it names no values that they must have. */
  #costOf(condition: Condition): number | undefined {
    switch (condition.kind) {
      case 'test':
        return costOfTest(this.#table, condition);
      case 'all':
        return this.#cheapest(condition.of)?.cost;
      case 'any':
        return condition.of.reduce<number | undefined>((sum, branch) => plus(sum, this.#costOf(branch)), 0);
    }
  }

  #cheapest(conditions: readonly Condition[]): { readonly condition: Condition; readonly cost: number } | undefined {
    const costs = conditions.flatMap((condition) => {
      const cost = this.#costOf(condition);
      return cost === undefined ? [] : [{ condition, cost }];
    });
    return costs.sort((one, other) => one.cost - other.cost)[0];
  }
}

// One that is negated holds for events without the attribute, too: there is no value to find them by.
function costOfTest<Item extends Placed<Item>>(table: AccessTable<Item>, test: Test): number | undefined {
  return test.isNegated ? undefined : table.costOf(test);
}

function plus(one: number | undefined, other: number | undefined): number | undefined {
  return one === undefined || other === undefined ? undefined : one + other;
}

function compileAll(conditions: readonly Condition[]): Passes {
  return compileCondition({ kind: 'all', of: conditions });
}
