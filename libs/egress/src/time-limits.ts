import { parleyError, type ParleyError } from '@parley/errors';

export interface Timeouts {
  /** Until the answer's first byte, and between two pieces of it. Default 15 s. */
  readonly readMs?: number;
  /** For everything, redirects included. Default 15 s. */
  readonly totalMs?: number;
}

export interface TimeLimits {
  /** `egress.timeout`, or `egress.cancelled` when the caller gave up; undefined: not yet. */
  readonly passed: ParleyError | undefined;
  /** Calls back once one passes, at once if it has; in place of what was to be called before. */
  onPassed(callback: (error: ParleyError) => void): void;
  /** Something was read: the read timeout starts anew. */
  progress(): void;
  dispose(): void;
}

export function startTimeLimits({ readMs = 15_000, totalMs = 15_000 }: Timeouts, caller: AbortSignal | undefined): TimeLimits {
  let passed: ParleyError | undefined;
  let told: (error: ParleyError) => void = () => undefined;
  const pass = (error: ParleyError): void => {
    passed ??= error;
    told(passed);
  };
  const late = (): void => pass(parleyError('egress.timeout', 'the answer took too long'));
  const cancelled = (): void => pass(parleyError('egress.cancelled', 'the request was given up'));
  const total = setTimeout(late, totalMs);
  // It cannot be the first to pass, then.
  const read = readMs < totalMs ? setTimeout(late, readMs) : undefined;
  if (caller?.aborted === true) cancelled();
  else caller?.addEventListener('abort', cancelled, { once: true });
  return {
    get passed() {
      return passed;
    },
    onPassed(callback) {
      told = callback;
      if (passed !== undefined) callback(passed);
    },
    progress: () => void read?.refresh(),
    dispose() {
      clearTimeout(total);
      clearTimeout(read);
      caller?.removeEventListener('abort', cancelled);
    },
  };
}
