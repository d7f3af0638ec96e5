import { setTimeout as sleep } from 'node:timers/promises';
import { isParleyError } from '@parley/errors';
import { GapError } from './call-queue.ts';

// The driver's and the client's errors of a dependency that is away; JetStreamNotEnabled is a broker that has started, and
// whose JetStream has not yet. By name, so that the bus needs neither's classes.
const transientNames =
  /^(Mongo(Network|NetworkTimeout|ServerSelection|NotConnected|PoolCleared|PoolClosed|OperationTimeout|WriteConcern)\w*|(Request|Connection|Timeout|NoResponders|ClosedConnection|DrainingConnection)\w*Error|JetStreamNotEnabled)$/;

/** Whether a failure passes without anybody's doing, so that its event is worth trying for ever. */
export function isTransient(error: unknown): boolean {
  if (isParleyError(error)) return error.row.retry;
  return error instanceof Error && transientNames.test(error.name);
}

/** A stable code and a text for operators. */
export function describeFailure(error: unknown): { code: string; reason: string } {
  if (error instanceof GapError) return { code: 'bus.gap', reason: error.message };
  if (isParleyError(error)) return { code: error.code, reason: error.message };
  return { code: 'bus.handler_failed', reason: error instanceof Error ? `${error.name}: ${error.message}` : String(error) };
}

const retryMs = 500;

/** Does what must be done before work can go on, until it succeeds or the signal aborts. */
export async function untilDone<Result>(
  work: () => Promise<Result>,
  { signal, onError }: { readonly signal: AbortSignal; readonly onError: (error: unknown) => void },
): Promise<Result | undefined> {
  while (!signal.aborted) {
    try {
      return await work();
    } catch (error) {
      onError(error);
      await sleep(retryMs, undefined, { signal }).catch(() => undefined);
    }
  }
  return undefined;
}
