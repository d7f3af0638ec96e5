import { counterpartConsents, mediaTimeMs } from './call-state.ts';
import { partyOf, type LiveLeg } from './leg.ts';
import type { Turn } from './turn.ts';

/** A counterpart's video, from when it is displayed on. */
export interface StartedVideo {
  /** UTC. */
  readonly startedMs: number;
  /** The instant of media time 0, UTC. */
  readonly mediaOriginMs: number;
  readonly counterpartConsents: boolean;
}

/** The counterpart's video is displayed on the leg from now on. The first of a call fixes the origin of its media time. */
export function startVideo(turn: Turn, leg: LiveLeg): void {
  const mediaOriginMs = turn.call.mediaOriginMs ?? turn.nowMs;
  turn.emit(leg.legId, { kind: 'video_started', party: partyOf(leg), mediaOriginMs, counterpartConsents: counterpartConsents(turn.call, leg.legId) });
}

export function stopVideo(turn: Turn, leg: LiveLeg): void {
  turn.emit(leg.legId, { kind: 'video_stopped', party: partyOf(leg), mediaTimeMs: mediaTimeMs(turn.call, turn.nowMs) ?? 0 });
}

/** The video of all legs ends, for good. */
export function endVideo(turn: Turn): void {
  for (const leg of turn.call.legs) if (leg.kind === 'in_progress' && leg.video) stopVideo(turn, leg);
  turn.note({ kind: 'video_lapsed' });
}
