import type { EventClass } from '@parley/bus';
import type { Positions } from '@parley/cursor';
import { FilterIndex } from '@parley/filters';
import { count } from '@parley/telemetry';
import type { SubscriberFilter } from './subscriber-filter.ts';
import { LiveGroup, type LiveMember } from './live-group.ts';
import type { Notice } from './message-batch.ts';
import type { TailEvent } from './tail-event.ts';

interface AccountGroups {
  /** By canonical filter. */
  readonly groups: Map<string, LiveGroup>;
  readonly index: FilterIndex<LiveGroup>;
}

/**
 * The subscribers that have had all there is: each event is held against their filters once, and those with the same
 * filter get the same bytes. What comes in one go is sent in one go, so that under load many events share a write.
 */
export class LiveGroups {
  readonly #heads: () => Positions;
  readonly #accounts = new Map<string, AccountGroups>();
  readonly #waiting = new Set<LiveGroup>();
  readonly #matching: LiveGroup[] = [];
  #isScheduled = false;

  /** @param heads up to where each stream's events were handed to `accept` */
  constructor(heads: () => Positions) {
    this.#heads = heads;
  }

  /** The member has had everything up to the heads. */
  join(member: LiveMember, filter: SubscriberFilter): void {
    const account = this.#accounts.get(filter.accountId) ?? { groups: new Map<string, LiveGroup>(), index: new FilterIndex<LiveGroup>() };
    this.#accounts.set(filter.accountId, account);
    const existing = account.groups.get(filter.canonical);
    // What waits there the member has had.
    existing?.flush();
    const group = existing ?? this.#newGroup(account, filter);
    group.members.add(member);
  }

  leave(member: LiveMember, { accountId, canonical }: SubscriberFilter): void {
    const account = this.#accounts.get(accountId);
    const group = account?.groups.get(canonical);
    if (account === undefined || group === undefined) return;
    group.members.delete(member);
    if (group.members.size > 0) return;
    account.groups.delete(canonical);
    account.index.delete(group);
    this.#waiting.delete(group);
    if (account.groups.size === 0) this.#accounts.delete(accountId);
  }

  /** The next event of a stream, whose head has moved to it. */
  accept(event: TailEvent): void {
    const account = this.#accounts.get(event.accountId);
    if (account === undefined || event.event === undefined) return;
    const matching = account.index.matching(event, this.#matching);
    for (const group of matching) {
      group.add(event);
      this.#waiting.add(group);
    }
    count('parley.delivery.matches', matching.length);
    matching.length = 0;
    this.#schedule();
  }

  /** Tells all, or those who asked for the class. */
  notify(notice: Notice, eventClass?: EventClass): void {
    for (const group of this.#all()) {
      if (eventClass === undefined || group.filter.classes.includes(eventClass)) group.send({ notice });
    }
  }

  /** Moves the cursors of those on who had nothing since the last time. */
  beat(): void {
    for (const group of this.#all()) group.beat();
  }

  #newGroup({ groups, index }: AccountGroups, filter: SubscriberFilter): LiveGroup {
    const group = new LiveGroup(filter, this.#heads);
    groups.set(filter.canonical, group);
    index.put(group, filter.filter);
    return group;
  }

  *#all(): Iterable<LiveGroup> {
    for (const { groups } of this.#accounts.values()) yield* groups.values();
  }

  #schedule(): void {
    if (this.#isScheduled || this.#waiting.size === 0) return;
    this.#isScheduled = true;
    setImmediate(() => {
      this.#isScheduled = false;
      for (const group of this.#waiting) group.flush();
      this.#waiting.clear();
    });
  }
}
