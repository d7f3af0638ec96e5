import { EventFilter } from '@parley/contracts';
import { callees, callers, type PlannedCall } from './call-plan.ts';
import type { SeededRandom } from './seeded-random.ts';

/** What a filter looks at. */
export interface FilteredEvent {
  readonly type: string;
  readonly callId: string;
  readonly from: string;
  readonly to: string;
  readonly direction: string;
}

/** A filter as clients write it, of the lists that it needs. */
export type SoakFilter = Partial<Record<'types' | 'callIds' | 'from' | 'to' | 'directions', readonly string[]>>;

/** The oracle's reading of a filter, written from the documentation and without the system's code. */
export function letsThrough({ types, callIds, from, to, directions }: SoakFilter, event: FilteredEvent): boolean {
  if (types !== undefined && !types.some((type) => (type.endsWith('.*') ? event.type.startsWith(type.slice(0, -1)) : event.type === type))) return false;
  if (callIds !== undefined && !callIds.includes(event.callId)) return false;
  if (from !== undefined && !from.includes(event.from)) return false;
  if (to !== undefined && !to.includes(event.to)) return false;
  return directions === undefined || directions.includes(event.direction);
}

type MakeFilter = (random: SeededRandom, calls: readonly PlannedCall[]) => SoakFilter;

const narrow: readonly MakeFilter[] = [
  () => ({ types: ['billing.settled'] }),
  (random) => ({ from: [random.pick(callers)] }),
  (random) => ({ to: [random.pick(callees)], types: ['app.*', 'billing.*'] }),
  (random, calls) => ({ callIds: Array.from({ length: 30 }, () => random.pick(calls).callId) }),
];
const wide: readonly MakeFilter[] = [
  () => ({ types: ['call.completed', 'reaction.ended'] }),
  () => ({}),
  () => ({}),
  () => ({ types: ['call.*', 'app.*'] }),
  () => ({ types: ['reaction.*', 'billing.*'] }),
  () => ({ directions: ['inbound'] }),
  (random) => ({ from: callers.filter(() => random.chance(0.5)) }),
  ...narrow,
  ...narrow,
];
/** The broker filters by subject, which knows whole classes. */
const wholeClasses: readonly MakeFilter[] = [() => ({}), () => ({ types: ['billing.*', 'reaction.*'] })];

/**
 * A filter for a subscriber of the transport.
 * @param calls of its account
 */
export function someFilter(transport: 'stream' | 'webhook' | 'nats', random: SeededRandom, calls: readonly PlannedCall[]): SoakFilter {
  // A webhook delivery costs several writes in the database, one behind the other.
  const kinds = { stream: wide, webhook: narrow, nats: wholeClasses }[transport];
  return random.pick(kinds)(random, calls);
}

export function toMessage(filter: SoakFilter): EventFilter {
  return EventFilter.fromPartial(Object.fromEntries(Object.entries(filter).map(([name, values]) => [name, [...values]])));
}

const queryNames = { types: 'types', callIds: 'call_id', from: 'from', to: 'to', directions: 'direction' } as const;

export function toQuery(filter: SoakFilter): URLSearchParams {
  return new URLSearchParams(Object.entries(filter).map(([name, values]) => [queryNames[name as keyof SoakFilter], values.join(',')] as [string, string]));
}
