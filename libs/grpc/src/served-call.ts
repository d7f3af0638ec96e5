import type { EventEmitter } from 'node:events';
import type { ServerDuplexStream, ServerUnaryCall, ServerWritableStream } from '@grpc/grpc-js';
import { parleyError, toParleyError, type ParleyError } from '@parley/errors';
import { annotate, attributeNames, count, logger, record, recordFailure, traceparentHeader, withSpan } from '@parley/telemetry';
import { bearerToken, requireScope, type Scope } from './identity.ts';
import type { InFlight } from './in-flight.ts';
import type { CallContext } from './service-definition.ts';
import type { Verifier } from './token-verifier.ts';

const log = logger('grpc');

export type ServerCall =
  | ServerUnaryCall<unknown, unknown>
  | ServerWritableStream<unknown, unknown>
  | ServerDuplexStream<unknown, unknown>;

/** What is the same for every call of a method. */
export interface MethodServing {
  /** `parley.call.v1.CallService/GetCall` */
  readonly method: string;
  readonly scope: Scope;
  readonly verifier: Verifier;
  /** Handlers that run, so that a shutdown waits for those, too, whose client is gone. */
  readonly inFlight: InFlight;
  /** Milliseconds that a unary call may take when its client set no deadline, and at most. Streams: undefined. */
  readonly deadlines: { readonly defaultMs: number; readonly maxMs: number } | undefined;
}

/**
 * The part of serving that every call shares, in this order: trace, so that all that follows is in it; cancellation and
 * deadline, so that nothing outlives its client; authentication and scope, before anything of the request is looked at;
 * the handler; metrics and log, whatever came of it. Rejects with what the handler threw, to be put on the wire.
 */
export function serveCall<T>(serving: MethodServing, call: ServerCall, handle: (context: CallContext) => Promise<T>): Promise<T> {
  const [traceparent] = call.metadata.get(traceparentHeader);
  const attributes = { [attributeNames.rpcMethod]: serving.method };
  return withSpan(
    serving.method,
    attributes,
    async (span) => {
      const start = performance.now();
      const ending = createEnding(serving, call);
      try {
        const handled = serving.inFlight.track(authenticated(serving, call, ending, handle));
        handled.catch((error: unknown) => logLate(serving, ending, error));
        const result = await Promise.race([handled, ending.failed]);
        observe(serving, start, 'ok');
        return result;
      } catch (error) {
        const known = toParleyError(error);
        observe(serving, start, known.code);
        logFailure(serving, known, error, 'call failed');
        recordFailure(span, known);
        throw known;
      } finally {
        ending.dispose();
      }
    },
    { kind: 'server', parent: typeof traceparent === 'string' ? traceparent : undefined },
  );
}

function logFailure({ method }: MethodServing, { code, row }: ParleyError, error: unknown, text: string): void {
  log[row.log]({ method, err: row.log === 'error' ? error : undefined, code }, text);
}

/** What a handler throws after its client was told already has no other place to go. */
function logLate(serving: MethodServing, { signal }: Ending, error: unknown): void {
  if (signal.aborted) {
    logFailure(serving, toParleyError(error), error, 'call failed after it had ended');
  }
}

async function authenticated<T>(
  { method, scope, verifier }: MethodServing,
  call: ServerCall,
  { signal, deadline }: Ending,
  handle: (context: CallContext) => Promise<T>,
): Promise<T> {
  const [authorization] = call.metadata.get('authorization');
  const identity = await verifier.verify(bearerToken(authorization?.toString()));
  requireScope(identity, scope);
  annotate({ [attributeNames.account]: identity.accountId });
  return handle({ identity, method, signal, deadline });
}

function observe({ method, deadlines }: MethodServing, startMs: number, code: string): void {
  const labels = { [attributeNames.rpcMethod]: method };
  count('parley.grpc.server.calls', 1, { ...labels, [attributeNames.errorCode]: code });
  if (deadlines !== undefined) {
    record('parley.grpc.server.duration', (performance.now() - startMs) / 1000, labels);
  }
}

interface Ending {
  readonly signal: AbortSignal;
  readonly deadline: Date | undefined;
  /** Rejects when the client went away or the deadline passed. */
  readonly failed: Promise<never>;
  dispose(): void;
}

function createEnding({ deadlines }: MethodServing, call: ServerCall): Ending {
  const abort = new AbortController();
  const deadline = deadlineOf(call, deadlines);
  const { promise: failed, reject } = Promise.withResolvers<never>();
  failed.catch(() => undefined); // it may reject after the race is over
  const fail = (code: 'request.cancelled' | 'request.deadline_exceeded', text: string): void => {
    reject(parleyError(code, text));
    abort.abort();
  };
  const timer =
    deadline === undefined
      ? undefined
      : setTimeout(() => fail('request.deadline_exceeded', 'there was no answer before the deadline'), deadline.getTime() - Date.now());
  (call as EventEmitter).once('cancelled', () => fail('request.cancelled', 'the client went away'));
  return { signal: abort.signal, deadline, failed, dispose: () => clearTimeout(timer) };
}

function deadlineOf(call: ServerCall, deadlines: MethodServing['deadlines']): Date | undefined {
  const asked = Number(call.getDeadline());
  if (deadlines === undefined) {
    return Number.isFinite(asked) ? new Date(asked) : undefined;
  }
  const now = Date.now();
  return new Date(Number.isFinite(asked) ? Math.min(asked, now + deadlines.maxMs) : now + deadlines.defaultMs);
}
