import { setTimeout as sleep } from 'node:timers/promises';
import { assertKept, type Position } from '@parley/cursor';
import { isParleyError } from '@parley/errors';
import { logger } from '@parley/telemetry';
import type { EventSource } from './event-source.ts';
import type { Tail } from './tail.ts';
import type { TailEvent } from './tail-event.ts';

const log = logger('read-stored');
const retryMs = 500;
/**
 * Events that are held back until it is known that none before them was dropped while they were read. The next ones are read
 * meanwhile, as many at most.
 */
const largestPiece = 512;

export interface ReadStoredOptions {
  readonly tail: Tail;
  readonly source: EventSource;
  readonly accountId: string;
  /** Everything up to here has been taken. */
  readonly from: Position;
  /** How long at most; then it has to be begun again. */
  readonly forMs: number;
  /** @returns undefined if the next one may come at once */
  readonly take: (event: TailEvent) => Promise<void> | undefined;
  /** There is nothing for the account up to a sequence. */
  readonly moveTo: (sequence: number) => void;
  readonly signal: AbortSignal;
}

/**
 * Reads what an account has in a stream behind a position, until the rest is in memory or the time is over. A stream that
 * cannot be read is waited for.
 * @throws ParleyError `cursor.too_old`
 */
export async function readStored(options: ReadStoredOptions): Promise<void> {
  const { tail, source, accountId, from, moveTo, signal } = options;
  try {
    // All up to here was stored when the account's next one is asked for.
    const head = tail.head.sequence;
    assertKept(from, await source.state(tail.eventClass));
    const next = await source.next(tail.eventClass, accountId, from.sequence);
    if (next === undefined || next > head) return moveTo(head);
    await readUntilCovered(options, next - 1);
  } catch (error) {
    if (isParleyError(error) || signal.aborted) throw error;
    log.warn({ err: error, stream: tail.stream }, 'stored events cannot be read; tried again');
    await sleep(retryMs, undefined, { signal }).catch(() => undefined);
  }
}

async function readUntilCovered({ tail, source, accountId, from, forMs, take, signal }: ReadStoredOptions, after: number): Promise<void> {
  const done = new AbortController();
  let failure: { readonly error: unknown } | undefined;
  let piece: TailEvent[] = [];
  let handedOn = from;
  let handing = Promise.resolve();
  const handOn = async (events: readonly TailEvent[]): Promise<void> => {
    if (events.length === 0 || failure !== undefined) return;
    assertKept(handedOn, await source.state(tail.eventClass));
    for (const event of events) {
      if (signal.aborted) return;
      const taken = take(event);
      if (taken !== undefined) await taken;
    }
    handedOn = { ...handedOn, sequence: events.at(-1)!.sequence };
  };
  // A reader would begin anew behind an event at which it failed.
  const fail = (error: unknown) => {
    failure = { error };
    done.abort();
  };
  const onEvent = (event: TailEvent, isLast: boolean) => {
    if (done.signal.aborted) return undefined;
    piece.push(event);
    if (isLast || tail.covers(event.sequence)) done.abort();
    if (piece.length < largestPiece) return undefined;
    const [events, before] = [piece, handing];
    piece = [];
    handing = before.then(() => handOn(events)).catch(fail);
    return before;
  };
  const ending = AbortSignal.any([signal, done.signal, AbortSignal.timeout(forMs)]);
  await source.read({ eventClass: tail.eventClass, accountId, after, onEvent, signal: ending });
  await handing;
  if (failure !== undefined) throw failure.error;
  await handOn(piece);
}
