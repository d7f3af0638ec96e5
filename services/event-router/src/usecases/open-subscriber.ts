import { brokerErrors, classTypePrefixes, eventStreams, eventWindowMs, filterVocabulary } from '@parley/bus';
import { assertKept, assertSameFilter, type CursorCodec, type Position, type Positions } from '@parley/cursor';
import { parleyError } from '@parley/errors';
import { canonicalFilter, compileFilter, parseFilter, requiredClasses, type EventFilter, type FieldNames, type GivenFilter } from '@parley/filters';
import type { EventSource } from '../streaming/event-source.ts';
import type { AccountDirectory } from './account-directory.ts';
import type { SubscriberFilter } from '../streaming/subscriber-filter.ts';
import { eventClasses, type Tails } from '../streaming/tails.ts';

/** Where a subscriber begins that has no cursor. */
export type Start = { readonly kind: 'now' } | { readonly kind: 'lookback'; readonly ms: number } | { readonly kind: 'beginning_of_call' };

/** What a client asks for, on whatever transport. */
export interface StreamRequest {
  readonly accountId: string;
  readonly filter: GivenFilter;
  /** Empty: from the start. */
  readonly cursor: string;
  readonly start: Start;
  /** How the transport calls the filter's lists. */
  readonly fieldNames?: FieldNames;
}

export interface OpenPorts {
  readonly accounts: AccountDirectory;
  readonly source: EventSource;
  readonly tails: Tails;
  readonly codec: CursorCodec;
}

/**
 * Checks a request before its stream begins.
 * @throws ParleyError `subscription.invalid_filter`, `cursor.malformed`, `cursor.other_account`, `cursor.other_filter`,
 *   `cursor.too_old`, `subscription.invalid_start`, `subscription.start_expired`, `bus.unavailable`
 */
export async function openSubscriber(ports: OpenPorts, request: StreamRequest): Promise<{ readonly filter: SubscriberFilter; readonly positions: Positions }> {
  const filter = subscriberFilter(ports.codec, request.accountId, parseFilter(request.filter, filterVocabulary, request.fieldNames));
  const positions = request.cursor === '' ? await startPositions(ports, request, filter) : await cursorPositions(ports, request, filter);
  return { filter, positions };
}

function subscriberFilter(codec: CursorCodec, accountId: string, filter: EventFilter): SubscriberFilter {
  const canonical = canonicalFilter(filter);
  return {
    accountId,
    filter,
    canonical,
    classes: requiredClasses(filter, classTypePrefixes),
    passes: compileFilter(filter),
    encodeCursor: codec.bind({ accountId, filter: canonical }),
  };
}

/**
 * A stream that the cursor does not know is newer than it, and read from its beginning. What is still in memory need not
 * be asked for; neither is a stream that cannot be read at the moment, which is looked at when it can.
 */
async function cursorPositions({ source, tails, codec }: OpenPorts, { accountId, cursor }: StreamRequest, filter: SubscriberFilter): Promise<Positions> {
  const given = codec.decode(cursor, { accountId });
  assertSameFilter(given, filter.canonical);
  const positions = eventClasses.map(async (eventClass): Promise<[string, Position]> => {
    const tail = tails.of(eventClass);
    const position = given.positions[tail.stream] ?? { incarnation: tail.head.incarnation, sequence: 0 };
    if (position.incarnation !== tail.head.incarnation) tail.assertKept(position);
    if (!tail.covers(position.sequence) && tail.isAvailable) {
      assertKept(position, await brokerErrors(() => source.state(eventClass)));
    }
    return [tail.stream, position];
  });
  return Object.fromEntries(await Promise.all(positions));
}

/** Of a class whose tail is behind, as after a pause of this process, the stream itself is asked: what was there before is not wanted. */
async function positionsOfNow({ source, tails }: Pick<OpenPorts, 'source' | 'tails'>, filter: SubscriberFilter): Promise<Positions> {
  const behind = tails.all.filter((tail) => filter.classes.includes(tail.eventClass) && tail.isAvailable && !tail.isUpToDate);
  const positions = behind.map(async ({ eventClass, stream, head }): Promise<[string, Position]> => {
    const { lastSequence } = await brokerErrors(() => source.state(eventClass));
    return [stream, { incarnation: head.incarnation, sequence: Math.max(lastSequence, head.sequence) }];
  });
  return { ...tails.heads, ...Object.fromEntries(await Promise.all(positions)) };
}

/** A class that the filter lets nothing of through begins now: its stream need not be asked, and may be out of reach. */
async function startPositions({ source, tails, accounts }: OpenPorts, { accountId, start }: StreamRequest, filter: SubscriberFilter): Promise<Positions> {
  if (start.kind === 'now') return positionsOfNow({ source, tails }, filter);
  if (start.kind === 'beginning_of_call' && filter.filter.callIds.length === 0) {
    throw parleyError('subscription.invalid_start', 'the beginning of a call needs call ids in the filter');
  }
  const { retentionMs } = accounts.of(accountId);
  const now = Date.now();
  const positions = eventClasses.map(async (eventClass): Promise<[string, Position]> => {
    const { head } = tails.of(eventClass);
    if (!filter.classes.includes(eventClass)) return [eventStreams[eventClass], head];
    const keptMs = Math.min(retentionMs[eventClass] ?? eventWindowMs, eventWindowMs);
    if (start.kind === 'lookback' && start.ms > keptMs) {
      throw parleyError('subscription.start_expired', `${eventClass} events are kept for ${keptMs / 1_000} s`);
    }
    const since = new Date(now - (start.kind === 'lookback' ? Math.min(start.ms, keptMs) : keptMs));
    const sequence = await brokerErrors(() => source.sequenceBefore(eventClass, since));
    return [eventStreams[eventClass], { incarnation: head.incarnation, sequence }];
  });
  return Object.fromEntries(await Promise.all(positions));
}
