import { counterpartOf, findLeg, rootLeg, type InstructionRequest, type Step } from './call-state.ts';
import { durationMs, isLive, statusWhenCut, type EndCause, type FinalStatus, type LiveLeg } from './leg.ts';
import type { Turn } from './turn.ts';
import { stopVideo } from './video.ts';

/**
 * The leg's one terminal event, after the end of what was going on on it. Who was seen on the other leg is gone, too: whoever
 * is seen there next is someone else, who may not have consented to being observed.
 */
export function endLeg(turn: Turn, leg: LiveLeg, status: FinalStatus, cause: EndCause): void {
  for (const legId of [leg.legId, counterpartOf(turn.call, leg.legId)]) {
    const seen = legId === undefined ? undefined : findLeg(turn.call, legId);
    if (seen?.kind === 'in_progress' && seen.video) stopVideo(turn, seen);
  }
  turn.emit(leg.legId, {
    kind: 'completed',
    status,
    cause,
    durationMs: durationMs(leg, turn.nowMs),
    final: leg.parentLegId === undefined,
  });
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
