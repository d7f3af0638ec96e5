import { attributeNames, logger } from '@parley/telemetry';
import type { ChargeRecord } from '../usecases/charge-store.ts';
import { deadlineOf, type Deadline, type MissDeadline, type Timeouts } from '../usecases/deadlines.ts';

const log = logger('deadlines');

export interface DeadlineClock {
  /** Watches what a call of an owned partition waits for now. */
  watch(record: ChargeRecord, partition: number): void;
  /** Forgets a partition that another replica owns now. */
  forget(partition: number): void;
  stop(): Promise<void>;
}

export interface DeadlineClockOptions {
  readonly timeouts: Timeouts;
  readonly miss: MissDeadline;
  /** Reads the open calls of the partitions that this replica owns: other replicas may have authorised some. */
  readonly readOpen: () => Promise<{ record: ChargeRecord; partition: number }[]>;
  /** Unix time in ms. */
  readonly now: () => number;
}

interface Watched {
  readonly partition: number;
  readonly deadline: Deadline;
  /** Not before, on this replica's clock. */
  readonly dueMs: number;
}

const tickMs = 250;
const rereadMs = 30_000;

/**
 * Notices that something did not come. A replica that takes a partition over may be far behind the streams: what seems
 * late may wait there. So whoever learns of a deadline gives the rest of the events the recognition timeout to come in,
 * counted from then. The rule's own time is the deadline, whenever it is noticed.
 */
export function createDeadlineClock({ timeouts, miss, readOpen, now }: DeadlineClockOptions): DeadlineClock {
  const watched = new Map<string, Watched>();
  let rereadAtMs = now() + rereadMs;
  let stopped = false;
  let timer: NodeJS.Timeout | undefined;

  const watch = (record: ChargeRecord, partition: number): void => {
    const deadline = deadlineOf(record, timeouts);
    const before = watched.get(record.callId);
    if (deadline === undefined) watched.delete(record.callId);
    else if (before?.deadline.what !== deadline.what || before.deadline.atMs !== deadline.atMs) {
      watched.set(record.callId, { partition, deadline, dueMs: Math.max(Number(deadline.atMs), now() + Number(timeouts.recognitionMs)) });
    }
  };
  const round = async (): Promise<void> => {
    if (now() >= rereadAtMs) {
      rereadAtMs = now() + rereadMs;
      for (const { record, partition } of await readOpen()) watch(record, partition);
    }
    for (const [callId, { deadline, dueMs }] of watched) {
      if (dueMs > now() || stopped) continue;
      await missed(callId, deadline);
    }
  };
  const missed = async (callId: string, deadline: Deadline): Promise<void> => {
    try {
      await miss(callId, deadline);
      watched.delete(callId);
    } catch (error) {
      log.warn({ err: error, [attributeNames.callId]: callId }, 'a missed deadline could not be recorded; tried again');
    }
  };
  const tick = async (): Promise<void> => {
    await round().catch((error: unknown) => log.warn({ err: error }, 'open calls could not be read; tried again'));
    if (!stopped) timer = setTimeout(run, tickMs);
  };
  let current = Promise.resolve();
  const run = (): void => {
    current = tick();
  };
  run();
  return {
    watch,
    forget: (partition) => {
      for (const [callId, entry] of watched) if (entry.partition === partition) watched.delete(callId);
    },
    stop: async () => {
      stopped = true;
      clearTimeout(timer);
      await current;
    },
  };
}
