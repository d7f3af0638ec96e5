import type { DirectBatchOptions, StoredMsg } from '@nats-io/jetstream';
import { eventStreams, partitionAccountFilter, partitionOf, type Bus } from '@parley/bus';
import type { CallBeginning } from '../domain/start.ts';

export interface BeginningsSearch {
  readonly accountId: string;
  readonly callIds: readonly string[];
  readonly sinceMs: number;
}

/** Events that are looked through at a time. */
const batchSize = 500;
const notFound = 404;

/**
 * The first event of each call, among the account's events that were stored since. A call is in one partition, which is
 * read up to where the last of its beginnings stands; the broker has no index by call.
 */
export async function findBeginnings(bus: Bus, { accountId, callIds, sinceMs }: BeginningsSearch): Promise<readonly CallBeginning[]> {
  const partitions = Map.groupBy(new Set(callIds), partitionOf);
  const found = await Promise.all(
    [...partitions].map(([partition, calls]) => findInPartition(bus, partitionAccountFilter('call', partition, accountId), calls, sinceMs)),
  );
  return found.flat();
}

async function findInPartition(bus: Bus, subject: string, callIds: readonly string[], sinceMs: number): Promise<readonly CallBeginning[]> {
  const beginnings = new Map<string, number | undefined>();
  const wanted = new Set(callIds);
  let from: DirectBatchOptions = { start_time: new Date(sinceMs) };
  while (wanted.size > 0) {
    const events = await nextEvents(bus, eventStreams.call, { ...from, next_by_subj: subject, batch: batchSize });
    for (const { callId, isFirst, timeMs } of events) {
      // The first event of a call that is seen here is its beginning, or that is gone.
      if (wanted.delete(callId)) beginnings.set(callId, isFirst ? timeMs : undefined);
    }
    if (events.length < batchSize) break;
    from = { seq: events.at(-1)!.streamSequence + 1 };
  }
  return callIds.map((callId) => ({ callId, timeMs: beginnings.get(callId) }));
}

/** What of a stored event says whether it is a beginning; payloads are let go at once. */
interface SeenEvent {
  readonly callId: string;
  readonly isFirst: boolean;
  readonly timeMs: number;
  readonly streamSequence: number;
}

function toSeen({ header, time, seq }: StoredMsg): SeenEvent {
  return { callId: header.get('ce-subject'), isFirst: /^0+$/.test(header.get('ce-sequence')), timeMs: time.getTime(), streamSequence: seq };
}

/** With a callback, since the iterator of nats.js leaves its subscription behind. */
async function nextEvents(bus: Bus, stream: string, options: DirectBatchOptions): Promise<readonly SeenEvent[]> {
  const events: SeenEvent[] = [];
  const { promise, resolve, reject } = Promise.withResolvers<void>();
  await bus.jsm.direct.getBatch(stream, {
    ...options,
    callback: (done, message) => {
      if (done === null) events.push(toSeen(message));
      else if (done.err === undefined || isNotFound(done.err)) resolve();
      else reject(done.err);
    },
  });
  await promise;
  return events;
}

function isNotFound(error: Error): boolean {
  return error.name === 'JetStreamStatusError' && 'code' in error && error.code === notFound;
}
