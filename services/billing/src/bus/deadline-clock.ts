import { attributeNames, logger } from '@parley/telemetry';
import { callIdOf, chargeIdOf } from '../domain/charge-id.ts';
import type { ChargeRecord } from '../usecases/charge-store.ts';
import { deadlineOf, type Deadline, type MissDeadline, type Timeouts } from '../usecases/deadlines.ts';

const log = logger('deadlines');

export interface DeadlineClock {
  /** This replica owns the partition now: looks after what its last owner left, and after its open calls. */
  own(partition: number): void;
  /** Another replica owns the partition now. */
  forget(partition: number): void;
  /** Watches what a call of an owned partition waits for now. */
  watch(record: ChargeRecord): void;
  stop(): Promise<void>;
}

export interface DeadlineClockOptions {
  readonly timeouts: Timeouts;
  readonly miss: MissDeadline;
  /** Runs the effects that a crash left in the partitions. */
  readonly runLeftEffects: (partitions: readonly number[]) => Promise<void>;
  /** Reads the open calls of the partitions. */
  readonly readOpen: (partitions: readonly number[]) => Promise<ChargeRecord[]>;
  /** Gives back what is held for calls that are over, and asks again for what they owe, of those that are this replica's. */
  readonly sweep: (isOwn: (callId: string) => boolean) => Promise<void>;
  /** Between two of them. */
  readonly sweepMs: number;
  readonly partitionOf: (callId: string) => number;
  /** Unix time in ms. */
  readonly now: () => number;
}

interface Watched {
  readonly deadline: Deadline;
  /** Not before, on this replica's clock. */
  readonly dueMs: number;
}

const tickMs = 250;
/** Between rounds that fail, at most. */
const lastRetryMs = 30_000;
/** Other replicas may have authorised calls of this one's partitions: they are looked for now and then. */
const rereadMs = 30_000;

/**
 * Notices that something did not come. A replica that takes a partition over may be far behind the streams: what seems
 * late may wait there. So whoever learns of a deadline gives the rest of the events the recognition timeout to come in,
 * counted from then. The rule's own time is the deadline, whenever it is noticed.
 *
 * A take-over does not hold up the lease or the events of the partition: who applies an event runs its call's left effects
 * anyway. Here it is done for calls of which no event comes any more.
 */
export function createDeadlineClock(options: DeadlineClockOptions): DeadlineClock {
  const { timeouts, now, sweepMs } = options;
  const watched = new Map<string, Watched>();
  const owned = new Set<number>();
  const fresh = new Set<number>();
  let rereadAtMs = now() + rereadMs;
  let sweepAtMs = now() + sweepMs;

  const watch = (record: ChargeRecord): void => {
    const deadline = deadlineOf(record, timeouts);
    const chargeId = chargeIdOf(record);
    const before = watched.get(chargeId);
    if (deadline === undefined) watched.delete(chargeId);
    else if (before?.deadline.what !== deadline.what || before.deadline.atMs !== deadline.atMs) {
      watched.set(chargeId, { deadline, dueMs: Math.max(Number(deadline.atMs), now() + Number(timeouts.recognitionMs)) });
    }
  };
  const look = async (partitions: readonly number[]): Promise<void> => {
    for (const record of await options.readOpen(partitions)) if (owned.has(options.partitionOf(record.callId))) watch(record);
  };
  const takeOver = async (): Promise<void> => {
    const partitions = [...fresh];
    if (partitions.length === 0) return;
    await options.runLeftEffects(partitions);
    await look(partitions);
    for (const partition of partitions) fresh.delete(partition);
  };
  const miss = async (chargeId: string, deadline: Deadline): Promise<void> => {
    try {
      await options.miss(chargeId, deadline);
      watched.delete(chargeId);
    } catch (error) {
      log.warn({ err: error, [attributeNames.callId]: callIdOf(chargeId) }, 'a missed deadline could not be recorded; tried again');
    }
  };
  const round = async (): Promise<void> => {
    await takeOver();
    if (now() >= rereadAtMs) {
      rereadAtMs = now() + rereadMs;
      await look([...owned]);
    }
    for (const [chargeId, { deadline, dueMs }] of watched) if (dueMs <= now()) await miss(chargeId, deadline);
    if (now() >= sweepAtMs) {
      sweepAtMs = now() + sweepMs;
      await options.sweep((callId) => owned.has(options.partitionOf(callId)));
    }
  };
  const rounds = startRounds(round);
  return {
    own: (partition) => {
      owned.add(partition);
      fresh.add(partition);
    },
    forget: (partition) => {
      owned.delete(partition);
      fresh.delete(partition);
      for (const chargeId of watched.keys()) if (options.partitionOf(callIdOf(chargeId)) === partition) watched.delete(chargeId);
    },
    watch,
    stop: () => rounds.stop(),
  };
}

/**
 * One round after the other, with a pause between: a longer one each time that one fails. A search that a slow database did
 * not answer in time still goes on there; many of them are what it would be slow for.
 */
function startRounds(round: () => Promise<void>): { stop(): Promise<void> } {
  let stopped = false;
  let timer: NodeJS.Timeout | undefined;
  let pauseMs = tickMs;
  const tick = async (): Promise<void> => {
    try {
      await round();
      pauseMs = tickMs;
    } catch (error) {
      log.warn({ err: error }, 'open calls could not be looked after; tried again');
      pauseMs = Math.min(pauseMs * 2, lastRetryMs);
    }
    if (!stopped) timer = setTimeout(run, pauseMs);
  };
  let current = Promise.resolve();
  const run = (): void => {
    current = tick();
  };
  run();
  return {
    stop: async () => {
      stopped = true;
      clearTimeout(timer);
      await current;
    },
  };
}
