import { logger } from '@parley/telemetry';

const log = logger('lifecycle');

/** Bound of one step of the shutdown, unless it asks for another. */
const stepMs = 10_000;

export interface Scope {
  /** Aborted when the shutdown begins: loops and long requests end by it. */
  readonly signal: AbortSignal;
  /** Whether requests should come here: ready() was called, every check holds, and no shutdown has begun. */
  readonly isReady: boolean;
  /**
   * Registers a step of the shutdown. Steps run one after the other, the last registered first, so that what was
   * started last (servers) stops before what it stands on (broker, database, telemetry).
   * A step that takes longer than its bound (10 s) is left behind; one that throws is logged; the next one runs.
   */
  onStop(name: string, stop: () => Promise<unknown> | void, options?: { readonly boundMs?: number }): void;
  /** Everything is started: from now on /readyz and gRPC health say so. */
  ready(): void;
  /** Adds a condition of readiness, for example that the broker is connected. It is asked again and again: keep it cheap. */
  addReadinessCheck(name: string, check: () => boolean): void;
  /** Names of checks that do not hold, `starting` or `stopping`; empty when ready. */
  notReadyBecause(): readonly string[];
  /** Calls back at each change of readiness, as seen once a second, and at once when the shutdown begins. */
  onReadiness(listener: (ready: boolean) => void): void;
  /** Shuts down: not ready, signal aborted, then the steps. Idempotent. Resolves when all steps are done or left behind. */
  stop(): Promise<void>;
}

interface StopStep {
  readonly name: string;
  readonly stop: () => Promise<unknown> | void;
  readonly boundMs: number;
}

/** Makes the scope of one service. Services use runService; tests that start one in-process use this. */
export function createScope(): Scope {
  const steps: StopStep[] = [];
  const checks = new Map<string, () => boolean>();
  const abort = new AbortController();
  const readiness = createReadiness();
  let started = false;
  let stopping: Promise<void> | undefined;

  const notReadyBecause = (): string[] => {
    if (abort.signal.aborted) {
      return ['stopping'];
    }
    return [...(started ? [] : ['starting']), ...[...checks].filter(([, check]) => !check()).map(([name]) => name)];
  };
  const look = setInterval(() => readiness.seen(notReadyBecause().length === 0), 1_000).unref();

  const runSteps = async (): Promise<void> => {
    abort.abort();
    clearInterval(look);
    readiness.seen(false);
    for (const step of steps.toReversed()) {
      await runStep(step);
    }
  };

  return {
    signal: abort.signal,
    get isReady() {
      return notReadyBecause().length === 0;
    },
    onStop: (name, stop, { boundMs = stepMs } = {}) => void steps.push({ name, stop, boundMs }),
    ready() {
      started = true;
      readiness.seen(notReadyBecause().length === 0);
      log.info('ready');
    },
    addReadinessCheck: (name, check) => void checks.set(name, check),
    notReadyBecause,
    onReadiness: (listener) => readiness.listen(listener),
    stop() {
      stopping ??= runSteps();
      return stopping;
    },
  };
}

function createReadiness(): { seen(ready: boolean): void; listen(listener: (ready: boolean) => void): void } {
  const listeners: ((ready: boolean) => void)[] = [];
  let last = false;
  return {
    seen(ready) {
      if (ready !== last) {
        last = ready;
        listeners.forEach((listener) => listener(ready));
      }
    },
    listen(listener) {
      listeners.push(listener);
      listener(last);
    },
  };
}

async function runStep({ name, stop, boundMs }: StopStep): Promise<void> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<'late'>((resolve) => {
    timer = setTimeout(() => resolve('late'), boundMs);
  });
  try {
    const outcome = await Promise.race([Promise.resolve(stop()).then(() => 'done' as const), late]);
    if (outcome === 'late') {
      log.warn({ step: name, boundMs }, 'a step of the shutdown took too long and was left behind');
    }
  } catch (error) {
    log.warn({ err: error, step: name }, 'a step of the shutdown failed');
  } finally {
    clearTimeout(timer);
  }
}
