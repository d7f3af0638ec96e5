import type { Presence } from './finding.ts';

/** Since when a face is shown, and when it last showed that it lives. Media time. */
export interface FaceStanding {
  /** -1 while none is shown. */
  readonly shownSinceMs: number;
  /** -1 before the first sign, and after what was replayed. */
  readonly signMs: number;
  /** When it last showed what had been shown before; -1 if never. */
  readonly replayedMs: number;
}

export const initialFaceStanding: FaceStanding = { shownSinceMs: -1, signMs: -1, replayedMs: -1 };

/** One look at the counterpart's picture. */
export interface Look {
  readonly atMs: number;
  /** A face is in the picture. */
  readonly isShown: boolean;
  /** It moved as no flat picture does. */
  readonly sign: boolean;
  /** What is shown was shown before. */
  readonly replayed: boolean;
}

/**
 * A face counts for `livenessMs` from each sign of life, and so do the first `livenessMs` that it is shown if a sign follows
 * them. What is replayed takes back every sign, and for `livenessMs` no sign is believed. With `livenessMs` 0 none is asked for.
 */
export function facePresence(standing: FaceStanding, look: Look, livenessMs: number): { readonly standing: FaceStanding; readonly presence: Presence } {
  const { atMs, isShown, sign, replayed } = look;
  if (!isShown) return { standing: { ...standing, shownSinceMs: -1 }, presence: 'nobody' };
  const shownSinceMs = standing.shownSinceMs === -1 ? atMs : standing.shownSinceMs;
  const replayedMs = replayed ? atMs : standing.replayedMs;
  if (livenessMs > 0 && replayedMs !== -1 && atMs - replayedMs < livenessMs) return { standing: { shownSinceMs, signMs: -1, replayedMs }, presence: 'refused' };
  const signMs = sign ? atMs : standing.signMs;
  const isAlive = livenessMs === 0 || (signMs !== -1 && atMs - signMs < livenessMs);
  const isPending = signMs < shownSinceMs && atMs - shownSinceMs < livenessMs;
  return { standing: { shownSinceMs, signMs, replayedMs }, presence: isAlive ? 'there' : isPending ? 'pending' : 'refused' };
}
