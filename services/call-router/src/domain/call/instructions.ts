import { rootLeg, type InstructionRequest, type LiveCall } from './call-state.ts';
import { endCall } from './ending.ts';
import type { Turn } from './turn.ts';

/** Why no instructions could be had. Codes as in InstructionsFailed. */
export interface InstructionFailure {
  readonly url: string;
  readonly code: string;
  readonly twilioCode: number;
  readonly httpStatus: number;
}

const mostDocuments = 2000;
const mostInHaste = 20;

/** Whether the call asked for so many documents that it will hardly ever do anything else. */
export function redirectsForEver({ pace }: LiveCall): boolean {
  return pace.documents >= mostDocuments || pace.inHaste >= mostInHaste;
}

/** Legs are kept with the call, which is written as a whole: their number is bounded. */
const mostLegs = 1000;

/** Whether the call has all the legs that it may have, those that ended included. */
export function hasAllLegs({ legs }: LiveCall): boolean {
  return legs.length >= mostLegs;
}

/** Goes on with the fallback URL; without one, or when it failed too, the call ends. */
export function failInstructions(turn: Turn, failure: InstructionFailure): void {
  const fallback = fallbackAfter(turn.call, failure);
  turn.emit(rootLeg(turn.call).legId, { kind: 'instructions_failed', ...failure, ...(fallback === undefined ? {} : { fallback }) });
  if (fallback === undefined) endCall(turn, 'instructions_failed');
}

function fallbackAfter(call: LiveCall, { url, twilioCode }: InstructionFailure): InstructionRequest | undefined {
  const { fallbackUrl } = call.application;
  const failedTwice = call.program.kind === 'fetching' && call.program.request.reason === 'fallback';
  if (fallbackUrl === undefined || failedTwice || redirectsForEver(call) || hasAllLegs(call)) return undefined;
  return { url: fallbackUrl, method: 'POST', reason: 'fallback', parameters: { ErrorCode: String(twilioCode), ErrorUrl: url } };
}
