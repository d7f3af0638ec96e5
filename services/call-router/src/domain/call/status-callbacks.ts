import type { PublishedEvent } from './call-event.ts';
import type { LiveCall, PendingCallback } from './call-state.ts';

/** Kinds of events of the root leg that an application server is told. */
export const callbackKinds: ReadonlySet<PublishedEvent['kind']> = new Set(['initiated', 'ringing', 'answered', 'completed']);

/** Puts the status callback of a root leg's event in line, if the application wants any. */
export function withCallback(call: LiveCall, event: PublishedEvent): LiveCall {
  if (call.application.statusCallbackUrl === undefined || event.legId !== call.callId) return call;
  const callStatus = callbackStatus(event);
  if (callStatus === undefined) return call;
  const callback: PendingCallback = {
    number: call.nextCallback,
    callStatus,
    atMs: event.atMs,
    ...(event.kind === 'completed' ? { durationMs: event.durationMs } : {}),
  };
  return { ...call, callbacks: [...call.callbacks, callback], nextCallback: call.nextCallback + 1 };
}

function callbackStatus(event: PublishedEvent): string | undefined {
  switch (event.kind) {
    case 'initiated':
    case 'ringing':
      return event.kind;
    case 'answered':
      return 'in-progress';
    case 'completed':
      return event.status;
    default:
      return undefined;
  }
}
