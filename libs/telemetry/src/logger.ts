import { types } from 'node:util';
import { isSpanContextValid, trace } from '@opentelemetry/api';
import { pino, stdTimeFunctions, type Bindings, type ChildLoggerOptions, type DestinationStream, type Logger as PinoLogger } from 'pino';
import { redactFields, redactText } from './redaction.ts';

export type Logger = PinoLogger;
export type LogLevel = 'trace' | 'debug' | 'info' | 'warn' | 'error' | 'fatal';

interface LoggerState {
  threshold: number;
  base: Readonly<Record<string, string>>;
  destination: DestinationStream;
}

/** Until configureLogger is called only errors are written, so that libraries may log at any time. */
const state: LoggerState = { threshold: 50, base: {}, destination: pino.destination({ dest: 1, sync: true }) };

/** One root for the process. Levels are checked against `state`, so that loggers made early follow a later change. */
const root: Logger = pino(
  {
    level: 'trace',
    base: null,
    timestamp: stdTimeFunctions.isoTime,
    formatters: {
      level: (label) => ({ level: label }),
      log: (fields) => redactFields(fields),
    },
    mixin: () => ({ ...state.base, ...traceIds() }),
    hooks: {
      logMethod(args, method, level) {
        if (level >= state.threshold) {
          method.apply(this, withoutPersonalData(args) as typeof args);
        }
      },
    },
    serializers: { err: (value: unknown) => value },
  },
  { write: (line) => state.destination.write(line) },
);

type MakeChild = (this: Logger, bindings: Bindings, options?: ChildLoggerOptions) => Logger;

// pino's formatters do not see the bindings of children. Children inherit this method.
const plainChild = Reflect.get(root, 'child') as unknown as MakeChild;
const redactedChild: MakeChild = function child(bindings, options) {
  return plainChild.call(this, redactFields(bindings), options);
};
Reflect.set(root, 'child', redactedChild);

function traceIds(): Record<string, string> {
  const span = trace.getActiveSpan()?.spanContext();
  return span !== undefined && isSpanContextValid(span) ? { traceId: span.traceId, spanId: span.spanId } : {};
}

function withoutPersonalData(args: readonly unknown[]): unknown[] {
  const [first, ...rest] = args;
  const texts = rest.map((arg) => (typeof arg === 'string' ? redactText(arg) : arg));
  if (types.isNativeError(first)) {
    return [{ err: first }, ...(texts.length > 0 ? texts : [redactText(first.message)])];
  }
  return [typeof first === 'string' ? redactText(first) : first, ...texts];
}

/** A logger whose lines carry `component`. Errors go under `err`: `log.warn({ err, callId }, 'what happened')`. */
export function logger(component: string): Logger {
  return root.child({ component });
}

/** Sets what all loggers of the process share. startTelemetry calls it. */
export function configureLogger({ level, service, instance, destination }: {
  readonly level: LogLevel;
  readonly service?: string;
  readonly instance?: string;
  /** Default: standard output, written at once so that nothing is lost at exit. */
  readonly destination?: DestinationStream;
}): void {
  state.threshold = pino.levels.values[level] ?? 30;
  state.base = { ...(service === undefined ? {} : { service }), ...(instance === undefined ? {} : { instance }) };
  if (destination !== undefined) {
    state.destination = destination;
  }
}
