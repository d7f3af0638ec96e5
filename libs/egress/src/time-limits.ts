import { parleyError } from '@parley/errors';

export interface Timeouts {
  /** Until the answer's first byte, and between two pieces of it. Default 15 s. */
  readonly readMs?: number;
  /** For everything, redirects included. Default 15 s. */
  readonly totalMs?: number;
}

export interface TimeLimits {
  readonly signal: AbortSignal;
  /** The work, or a rejection with the signal's reason: undici does not give up a request that waits for its connection. */
  race<T>(work: Promise<T>): Promise<T>;
  /** Something was read: the read timeout starts anew. */
  progress(): void;
  dispose(): void;
}

/** Aborts with a ParleyError as its reason when a limit passes or the caller gives up. */
export function startTimeLimits({ readMs = 15_000, totalMs = 15_000 }: Timeouts, caller: AbortSignal | undefined): TimeLimits {
  const abort = new AbortController();
  const { promise: aborted, reject } = Promise.withResolvers<never>();
  aborted.catch(() => undefined);
  abort.signal.addEventListener('abort', () => reject(abort.signal.reason), { once: true });
  const late = (): void => abort.abort(parleyError('egress.timeout', 'the answer took too long'));
  const cancelled = (): void => abort.abort(parleyError('egress.cancelled', 'the request was given up'));
  const total = setTimeout(late, totalMs);
  const read = setTimeout(late, readMs);
  if (caller?.aborted === true) {
    cancelled();
  }
  caller?.addEventListener('abort', cancelled, { once: true });
  return {
    signal: abort.signal,
    async race(work) {
      work.catch(() => undefined); // it may fail after the race is over
      abort.signal.throwIfAborted();
      return Promise.race([work, aborted]);
    },
    progress: () => void read.refresh(),
    dispose() {
      clearTimeout(total);
      clearTimeout(read);
      caller?.removeEventListener('abort', cancelled);
    },
  };
}
