import { logger } from '@parley/telemetry';
import { createScope, type Scope } from './scope.ts';

const log = logger('lifecycle');

/** A shutdown that takes longer than this ends the process as it stands. Kubernetes' default grace is 30 s. */
const shutdownMs = 28_000;

export interface RunOptions {
  /** Bound of the whole shutdown; the call router, which waits for live calls, asks for more. */
  readonly shutdownMs?: number;
}

/**
 * Runs a service until SIGTERM or SIGINT, then shuts it down and ends the process with 0.
 * Ends with 1 when `start` throws (what it had started is stopped), on an uncaught exception or unhandled rejection (after
 * a bounded shutdown: state is in the database, and a process in an unknown state must not go on), and when the shutdown
 * takes too long. A second signal ends it at once.
 */
export function runService(start: (scope: Scope) => Promise<void>, options: RunOptions = {}): void {
  const scope = createScope();
  let ending = false;

  const end = (code: number): void => {
    if (ending) {
      return;
    }
    ending = true;
    setTimeout(() => {
      log.fatal('the shutdown took too long');
      process.exit(1);
    }, options.shutdownMs ?? shutdownMs).unref();
    void scope.stop().finally(() => process.exit(code));
  };

  const onSignal = (signal: NodeJS.Signals): void => {
    if (ending) {
      process.exit(1);
    }
    log.info({ signal }, 'shutting down');
    end(0);
  };
  process.on('SIGTERM', onSignal);
  process.on('SIGINT', onSignal);
  process.on('uncaughtException', (error, origin) => {
    log.fatal({ err: error, origin }, 'uncaught');
    end(1);
  });

  start(scope).catch((error: unknown) => {
    log.fatal({ err: error }, 'could not start');
    end(1);
  });
}
