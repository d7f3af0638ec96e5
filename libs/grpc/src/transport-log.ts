import { setLogVerbosity, setLogger, logVerbosity } from '@grpc/grpc-js';
import { logger } from '@parley/telemetry';

const log = logger('grpc-js');

/** grpc-js prints to the console by itself; let it be lines of our log. What it calls an error comes back to a caller, too. */
export function useOurLog(): void {
  setLogger({ error: (text: unknown) => log.warn(String(text)) });
  setLogVerbosity(logVerbosity.ERROR);
}
