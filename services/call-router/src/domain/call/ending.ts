import { findLeg, rootLeg, type InstructionRequest, type Step } from './call-state.ts';
import { durationMs, isLive, partyOf, statusWhenCut, type EndCause, type FinalStatus, type LiveLeg } from './leg.ts';
import type { Turn } from './turn.ts';

/** The leg's one terminal event, after the end of what was going on on it. */
export function endLeg(turn: Turn, leg: LiveLeg, status: FinalStatus, cause: EndCause): void {
  if (leg.kind === 'in_progress' && leg.video) stopVideo(turn, leg);
  turn.emit(leg.legId, {
    kind: 'completed',
    status,
    cause,
    durationMs: durationMs(leg, turn.nowMs),
    final: leg.parentLegId === undefined,
  });
}

export function stopVideo(turn: Turn, leg: LiveLeg): void {
  const mediaTimeMs = Math.max(0, turn.nowMs - (turn.call.mediaOriginMs ?? turn.nowMs));
  turn.emit(leg.legId, { kind: 'video_stopped', party: partyOf(leg), mediaTimeMs });
}

/**
 * Ends the call: first what its instructions are doing, with the leg that they dialled; the root leg last.
 * @param status of the root leg; without it `completed` where it was in progress, else `failed`
 */
export function endCall(turn: Turn, cause: EndCause, status?: FinalStatus): void {
  stopProgram(turn, cause);
  const root = rootLeg(turn.call);
  if (isLive(root)) endLeg(turn, root, status ?? statusWhenCut(root, 'failed'), cause);
}

/** Cuts short the verb that runs, if one does, with its leg. */
export function stopProgram(turn: Turn, cause: EndCause): void {
  const { program } = turn.call;
  if (program.kind !== 'running' || program.step === undefined) return;
  const dialled = dialledLegId(program.step);
  const leg = dialled === undefined ? undefined : findLeg(turn.call, dialled);
  if (leg !== undefined && isLive(leg)) endDialled(turn, leg, cause);
  endVerb(turn, { outcome: leg === undefined ? 'interrupted' : dialOutcome(turn, leg.legId) });
}

/** verb_ended of the verb that runs. */
export function endVerb(turn: Turn, end: { readonly outcome?: string; readonly code?: string; readonly next?: InstructionRequest } = {}): void {
  const { program } = turn.call;
  if (program.kind !== 'running') return;
  const { index, verbs } = program;
  turn.emit(rootLeg(turn.call).legId, { kind: 'verb_ended', verb: verbs[index]!.verb, index, outcome: '', code: '', ...end });
}

/** TwiML's DialCallStatus of a dialled leg that ended. */
export function dialOutcome(turn: Turn, legId: string): FinalStatus {
  const leg = findLeg(turn.call, legId);
  return leg?.kind === 'ended' ? leg.status : 'failed';
}

export function dialledLegId(step: Step): string | undefined {
  return step.kind === 'dialling' ? step.legId : undefined;
}

function endDialled(turn: Turn, leg: LiveLeg, cause: EndCause): void {
  if (cause === 'router_lost' || cause === 'internal') endLeg(turn, leg, statusWhenCut(leg, 'failed'), cause);
  else if (leg.kind !== 'in_progress') endLeg(turn, leg, 'canceled', 'canceled');
  else endLeg(turn, leg, 'completed', cause === 'device_lost' ? 'hangup' : cause);
}
