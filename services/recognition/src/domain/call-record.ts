import type { Party } from './observation.ts';
import type { Command } from './session.ts';

/** What recognition knows of a call from the call's own events. */
export interface CallRecord {
  readonly callId: string;
  /** Of the last event that was taken in; -1 before the first. */
  readonly sequence: number;
  /** The instant of media time 0, in milliseconds UTC; known once video started. */
  readonly mediaOriginMs: number | undefined;
  /** The leg of each side that displays, or displayed, its counterpart's video. */
  readonly legs: Readonly<Partial<Record<Party, string>>>;
}

/** `atMs` is the instant of the event, in milliseconds UTC. */
export type CallEvent =
  | { readonly type: 'video_started'; readonly party: Party; readonly legId: string; readonly mediaOriginMs: number; readonly consents: boolean; readonly atMs: number }
  | { readonly type: 'video_stopped'; readonly party: Party; readonly mediaTimeMs: number }
  /** `final`: the call is over, and nothing of it follows. */
  | { readonly type: 'leg_completed'; readonly legId: string; readonly atMs: number; readonly final: boolean }
  | { readonly type: 'other' };

/** What an event means for the observation of one side. */
export interface Effect {
  readonly party: Party;
  readonly legId: string;
  readonly command: Command;
}

export function newCallRecord(callId: string): CallRecord {
  return { callId, sequence: -1, mediaOriginMs: undefined, legs: {} };
}

export function evolveCall(record: CallRecord, event: CallEvent): CallRecord {
  const next = { ...record, sequence: record.sequence + 1 };
  if (event.type !== 'video_started') return next;
  return { ...next, mediaOriginMs: event.mediaOriginMs, legs: { ...record.legs, [event.party]: event.legId } };
}

/**
 * A side that stops its video, or whose leg ends while the call goes on, may start again: another leg may be dialled. So
 * only the end of the call ends the observation.
 */
export function effectsOf(event: CallEvent, { legs, mediaOriginMs }: CallRecord): Effect[] {
  switch (event.type) {
    case 'video_started':
      return [{ party: event.party, legId: event.legId, command: { type: 'start_video', atMs: Math.max(0, event.atMs - event.mediaOriginMs), consents: event.consents } }];
    case 'video_stopped': {
      const legId = legs[event.party];
      return legId === undefined ? [] : [{ party: event.party, legId, command: { type: 'stop_video', atMs: event.mediaTimeMs } }];
    }
    case 'leg_completed': {
      const atMs = Math.max(0, event.atMs - (mediaOriginMs ?? event.atMs));
      const sides = Object.entries(legs) as [Party, string][];
      if (event.final) return sides.map(([party, legId]) => ({ party, legId, command: { type: 'complete', atMs } }));
      return sides.filter(([, legId]) => legId === event.legId).map(([party, legId]) => ({ party, legId, command: { type: 'stop_video', atMs } }));
    }
    case 'other':
      return [];
  }
}
