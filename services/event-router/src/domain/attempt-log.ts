import type { AttemptRecord } from './attempt.ts';

// The attempts at one subscription's deliveries in one partition, in a ring of chunks: each is a document, the newest
// overwrites the oldest. So the log is bounded without anything that clears it, and is written and read by key alone.

/** Chunks of a ring. */
export const chunkCount = 4;
/** Attempts of a chunk. */
export const chunkSize = 64;
/** What is kept for certain: the oldest chunk goes when a new one begins. */
export const keptAttempts = (chunkCount - 1) * chunkSize;

/** Where the log goes on. */
export interface LogEnd {
  /** Of the chunk that is being filled, from 0. */
  readonly serial: number;
  /** Attempts in it. */
  readonly size: number;
}

export const emptyLog: LogEnd = { serial: 0, size: 0 };

export interface ChunkWrite {
  readonly serial: number;
  /** Whether it takes the place of an older chunk, or follows what is in it. */
  readonly isNew: boolean;
  readonly attempts: readonly AttemptRecord[];
}

/** The chunk's place in the ring. */
export function slotOf(serial: number): number {
  return serial % chunkCount;
}

/** What to write for some attempts, in order; of more than a ring holds, only the last. */
export function appendToLog(end: LogEnd, attempts: readonly AttemptRecord[]): { readonly end: LogEnd; readonly writes: readonly ChunkWrite[] } {
  let { serial, size } = end;
  const writes: ChunkWrite[] = [];
  for (let from = 0; from < attempts.length; ) {
    if (size === chunkSize) [serial, size] = [serial + 1, 0];
    const part = attempts.slice(from, from + chunkSize - size);
    writes.push({ serial, isNew: size === 0, attempts: part });
    from += part.length;
    size += part.length;
  }
  return { end: { serial, size }, writes: writes.slice(-chunkCount) };
}

/** Whether older attempts than those that are kept were overwritten. */
export function hasWrapped({ serial }: LogEnd): boolean {
  return serial >= chunkCount;
}

/** Of an attempt in the order of a list, the newest first. */
export interface AttemptKey {
  readonly timeMs: number;
  readonly eventId: string;
  readonly number: number;
}

/** The newest first. */
export function compareAttempts(one: AttemptKey, other: AttemptKey): number {
  if (one.timeMs !== other.timeMs) return other.timeMs - one.timeMs;
  if (one.eventId !== other.eventId) return one.eventId < other.eventId ? 1 : -1;
  return other.number - one.number;
}
