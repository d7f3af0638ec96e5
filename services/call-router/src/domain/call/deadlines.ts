import { isLive, statusWhenCut, type LiveLeg } from './leg.ts';
import { mediaTimeMs, type CallState, type LiveCall } from './call-state.ts';
import { endCall, endVerb } from './ending.ts';
import { endVideo } from './video.ts';
import { endDialledLeg } from '../twiml/verbs/dial.ts';
import type { Turn } from './turn.ts';

/** When something will be due, if nothing else happens before; undefined: never. */
export function nextDeadlineMs(call: CallState): number | undefined {
  if (call.kind !== 'live') return undefined;
  const deadlines = [pauseEndMs(call), grantDeadlineMs(call), ...call.legs.map((leg) => (isLive(leg) ? legDeadlineMs(leg) : undefined))];
  const set = deadlines.filter((deadline) => deadline !== undefined);
  return set.length === 0 ? undefined : Math.min(...set);
}

/** Does what is due. */
export function meetDeadlines(turn: Turn): void {
  lapseGrant(turn);
  if (turn.ended) return;
  askForGrant(turn);
  for (const leg of turn.call.legs) {
    if (!turn.ended && isLive(leg) && isDue(legDeadlineMs(leg), turn)) endOverdueLeg(turn, leg);
  }
  if (!turn.ended && isDue(pauseEndMs(turn.call), turn)) endVerb(turn);
}

function isDue(deadlineMs: number | undefined, { nowMs }: Turn): boolean {
  return deadlineMs !== undefined && deadlineMs <= nowMs;
}

function legDeadlineMs(leg: LiveLeg): number | undefined {
  return leg.kind === 'in_progress' ? leg.endByMs : leg.ringUntilMs;
}

function endOverdueLeg(turn: Turn, leg: LiveLeg): void {
  const status = statusWhenCut(leg, 'no-answer');
  const cause = leg.kind === 'in_progress' ? 'instructions_ended' : 'no_answer';
  if (leg.parentLegId === undefined) endCall(turn, cause, status);
  else endDialledLeg(turn, leg, status, cause);
}

function pauseEndMs({ program }: LiveCall): number | undefined {
  return program.kind === 'running' && program.step?.kind === 'pausing' ? program.step.untilMs : undefined;
}

function grantDeadlineMs({ grant, mediaOriginMs }: LiveCall): number | undefined {
  if (grant === undefined || mediaOriginMs === undefined) return undefined;
  return mediaOriginMs + Math.min(grant.untilMs, grant.extendAtMs ?? grant.untilMs);
}

/** Without a grant a charged call ends, or its video does: as its policy says. */
function lapseGrant(turn: Turn): void {
  const { grant, charge } = turn.call;
  const atMs = mediaTimeMs(turn.call, turn.nowMs);
  if (grant === undefined || atMs === undefined || atMs < grant.untilMs) return;
  if (charge?.policy.terms.onExhausted === 'downgrade') endVideo(turn);
  else endCall(turn, 'grant_lapsed');
}

function askForGrant(turn: Turn): void {
  const { grant } = turn.call;
  const atMs = mediaTimeMs(turn.call, turn.nowMs);
  if (grant?.extendAtMs === undefined || atMs === undefined || atMs < grant.extendAtMs) return;
  turn.note({ kind: 'grant_extension_asked' });
}
