import { EventFilter } from '@parley/contracts';
import { callees, callers, type PlannedCall } from './call-plan.ts';
import type { SeededRandom } from './seeded-random.ts';
import { matches, toFilterMessage, type SoakExpression } from './soak-expression.ts';

/** What a filter looks at. */
export interface FilteredEvent {
  readonly type: string;
  readonly callId: string;
  readonly from: string;
  readonly to: string;
  readonly direction: string;
  /** The attribute `data.status`, of an event that has it. */
  readonly status: string | undefined;
}

type Lists = Partial<Record<'types' | 'callIds' | 'from' | 'to' | 'directions', readonly string[]>>;

/** A filter as clients write it, of the lists and expressions that it needs. */
export interface SoakFilter extends Lists {
  readonly filters?: readonly SoakExpression[];
}

/** The oracle's reading of a filter, written from the documentation and without the system's code. */
export function letsThrough({ types, callIds, from, to, directions, filters = [] }: SoakFilter, event: FilteredEvent): boolean {
  if (types !== undefined && !types.some((type) => (type.endsWith('.*') ? event.type.startsWith(type.slice(0, -1)) : event.type === type))) return false;
  if (callIds !== undefined && !callIds.includes(event.callId)) return false;
  if (from !== undefined && !from.includes(event.from)) return false;
  if (to !== undefined && !to.includes(event.to)) return false;
  if (directions !== undefined && !directions.includes(event.direction)) return false;
  return filters.every((expression) => matches(expression, (name) => attributes[name]!(event)));
}

/** Those that the expressions below name. */
const attributes: Readonly<Record<string, (event: FilteredEvent) => string | undefined>> = {
  type: ({ type }) => type,
  subject: ({ callId }) => callId,
  callfrom: ({ from }) => from,
  callto: ({ to }) => to,
  calldirection: ({ direction }) => direction,
  'data.status': ({ status }) => status,
};

type MakeFilter = (random: SeededRandom, calls: readonly PlannedCall[]) => SoakFilter;

const narrow: readonly MakeFilter[] = [
  () => ({ types: ['billing.settled'] }),
  (random) => ({ from: [random.pick(callers)] }),
  (random) => ({ to: [random.pick(callees)], types: ['app.*', 'billing.*'] }),
  (random, calls) => ({ callIds: Array.from({ length: 30 }, () => random.pick(calls).callId) }),
  (random) => ({ filters: [{ exact: { type: 'call.completed', 'data.status': 'no_answer' } }, { suffix: { callto: random.pick(callees).slice(-1) } }] }),
  (random, calls) => ({ filters: [{ any: [{ prefix: { subject: random.pick(calls).callId.slice(0, 4) } }, { exact: { type: 'billing.settled' } }] }] }),
];
const wide: readonly MakeFilter[] = [
  () => ({ types: ['call.completed', 'reaction.ended'] }),
  () => ({}),
  () => ({}),
  () => ({ types: ['call.*', 'app.*'] }),
  () => ({ types: ['reaction.*', 'billing.*'] }),
  () => ({ directions: ['inbound'] }),
  (random) => ({ from: callers.filter(() => random.chance(0.5)) }),
  () => ({ filters: [{ prefix: { callfrom: '+49' } }] }),
  () => ({ types: ['call.*'], filters: [{ not: { exact: { 'data.status': 'completed' } } }] }),
  (random) => ({ filters: [{ any: [{ all: [{ prefix: { type: 'billing.' } }, { not: { exact: { calldirection: 'inbound' } } }] }, { suffix: { callto: random.pick(callees).slice(-2) } }] }] }),
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
  const { filters = [], ...lists } = filter;
  return EventFilter.fromPartial({ ...Object.fromEntries(Object.entries(lists).map(([name, values]) => [name, [...values]])), filters: filters.map(toFilterMessage) });
}

const queryNames = { types: 'types', callIds: 'call_id', from: 'from', to: 'to', directions: 'direction' } as const;

export function toQuery(filter: SoakFilter): URLSearchParams {
  const { filters, ...lists } = filter;
  const query = new URLSearchParams(Object.entries(lists as Lists).map(([name, values]) => [queryNames[name as keyof Lists], values.join(',')] as [string, string]));
  if (filters !== undefined) query.set('filters', JSON.stringify(filters));
  return query;
}
