import { rootLeg, type ExistingCall, type InstructionRequest, type LiveCall, type PendingCallback } from './call-state.ts';

// What an application server is sent with a request: https://www.twilio.com/docs/voice/twiml#request-parameters

/** Of a request for instructions. */
export function instructionParameters(call: LiveCall, { parameters }: InstructionRequest): Record<string, string> {
  return { ...callParameters(call, rootLeg(call).kind === 'in_progress' ? 'in-progress' : 'ringing'), ...parameters };
}

/** Of a status callback. https://www.twilio.com/docs/voice/api/call-resource#statuscallback */
export function callbackParameters(call: ExistingCall, { number, callStatus, atMs, durationMs }: PendingCallback): Record<string, string> {
  return {
    ...callParameters(call, callStatus),
    ...(durationMs === undefined ? {} : durationParameters(durationMs)),
    Timestamp: new Date(atMs).toUTCString().replace('GMT', '+0000'),
    CallbackSource: 'call-progress-events',
    SequenceNumber: String(number),
  };
}

function callParameters({ callId, accountId, from, to, direction }: ExistingCall, callStatus: string): Record<string, string> {
  return { CallSid: callId, AccountSid: accountId, From: from, To: to, CallStatus: callStatus, ApiVersion: '2010-04-01', Direction: direction };
}

/** Seconds, and begun minutes. */
function durationParameters(durationMs: number): Record<string, string> {
  return { CallDuration: String(Math.round(durationMs / 1000)), Duration: String(Math.ceil(durationMs / 60_000)) };
}
