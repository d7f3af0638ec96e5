import { dialOutcome, endLeg, endVerb } from '../../call/ending.ts';
import { findLeg, rootLeg, type InstructionRequest } from '../../call/call-state.ts';
import { failInstructions, hasAllLegs } from '../../call/instructions.ts';
import { durationMs, type EndCause, type FinalStatus, type LiveLeg } from '../../call/leg.ts';
import type { Turn } from '../../call/turn.ts';
import { isAddress } from '../../application/address.ts';
import { documentLink } from '../document-link.ts';
import { allowAttributes, integerAttribute, invalid, noChildren, type XmlElement } from '../element.ts';
import type { DialVerb } from '../verb.ts';
import type { VerbDefinition } from '../verb-definition.ts';

const ringSeconds = { min: 1, max: 600 };
const limitSeconds = { min: 1, max: 86_400 };

/** Calls another device and connects it with the caller: one <Client> or <Number>, or a number as text. */
export const dial: VerbDefinition<DialVerb> = {
  name: 'Dial',
  picksUp: true,
  parse: (element, document) => {
    allowAttributes(element, ['action', 'method', 'timeout', 'timeLimit', 'callerId']);
    const { action, callerId } = element.attributes;
    if (callerId !== undefined && !isAddress(callerId)) throw invalid(element, 'callerId must be a number or client:<name>');
    return {
      verb: 'Dial',
      target: target(element),
      ...(callerId === undefined ? {} : { callerId }),
      timeoutMs: integerAttribute(element, 'timeout', 30, ringSeconds) * 1000,
      timeLimitMs: integerAttribute(element, 'timeLimit', 14_400, limitSeconds) * 1000,
      ...(action === undefined ? {} : { action: documentLink(element, action, document) }),
    };
  },
  step: (_verb, turn) => ({ kind: 'dialling', turn }),
  start: ({ target, callerId, timeoutMs, timeLimitMs }, turn) => {
    if (hasAllLegs(turn.call)) return dialTooMany(turn);
    const root = rootLeg(turn.call);
    turn.emit(turn.newLegId(), {
      kind: 'initiated',
      parentLegId: root.legId,
      from: callerId ?? turn.call.from,
      to: target,
      direction: 'outbound-dial',
      ringUntilMs: turn.nowMs + timeoutMs,
      timeLimitMs,
    });
  },
};

/** Ends the call. */
function dialTooMany(turn: Turn): void {
  endVerb(turn, { code: 'instructions.too_many' });
  failInstructions(turn, { url: turn.call.application.voiceUrl, code: 'instructions.too_many', twilioCode: 11215, httpStatus: 0 });
}

function target(element: XmlElement): string {
  const [noun, second] = element.children;
  if (second !== undefined) throw invalid(element, 'may have one <Client> or <Number>');
  if (noun === undefined) return checked(element, element.text.trim());
  if (element.text.trim() !== '') throw invalid(element, 'may have a number or a noun, not both');
  if (noun.name !== 'Client' && noun.name !== 'Number') noChildren(element);
  allowAttributes(noun, []);
  noChildren(noun);
  const text = noun.text.trim();
  return checked(noun, noun.name === 'Client' ? `client:${text.replace(/^client:/, '')}` : text);
}

function checked(element: XmlElement, address: string): string {
  const number = address.replaceAll(/[\s().-]/g, '');
  const candidate = address.startsWith('client:') ? address : number;
  if (!isAddress(candidate)) throw invalid(element, 'names nobody: it must be a client or a number in E.164 format');
  return candidate;
}

/** The dialled leg is over, by its own end: Dial is too, and its action or the next verb follows. */
export function endDialledLeg(turn: Turn, leg: LiveLeg, status: FinalStatus, cause: EndCause): void {
  endLeg(turn, leg, status, cause);
  const next = actionRequest(turn, leg.legId);
  endVerb(turn, { outcome: dialOutcome(turn, leg.legId), ...(next === undefined ? {} : { next }) });
}

function actionRequest({ call, nowMs }: Turn, legId: string): InstructionRequest | undefined {
  const verb = call.program.kind === 'running' ? call.program.verbs[call.program.index] : undefined;
  const leg = findLeg(call, legId);
  if (verb?.verb !== 'Dial' || verb.action === undefined || leg?.kind !== 'ended') return undefined;
  const parameters = {
    DialCallStatus: leg.status,
    DialCallSid: leg.legId,
    DialCallDuration: String(Math.round(durationMs(leg, nowMs) / 1000)),
    DialBridged: String(leg.answeredMs !== undefined),
  };
  return { ...verb.action, reason: 'action', parameters };
}
