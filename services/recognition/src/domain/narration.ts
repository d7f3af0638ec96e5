import type { Passage, Stage } from './cascade.ts';
import type { Channel } from './finding.ts';
import { append, clip, type Interval } from './interval.ts';

/**
 * Tells what the cascade went through: intervals as soon as they are decided, and a fact wherever something changed.
 * A grace is decided by how it ends, and a face that has not shown yet that it lives by whether it does, so that what comes
 * after them waits, too: intervals are told in order.
 */
export type Fact =
  | { readonly type: 'present'; readonly channel: Channel; readonly sinceMs: number }
  | { readonly type: 'channel_changed'; readonly from: Channel; readonly to: Channel; readonly atMs: number }
  | { readonly type: 'absent'; readonly sinceMs: number };

/** A fact, or just progress, with the intervals that were decided since the one before. */
export interface Told<F> {
  readonly fact: F;
  /** Observations up to here were taken into account. */
  readonly observedThroughMs: number;
  readonly intervals: readonly Interval[];
}

export interface NarrationState {
  readonly stage: Stage;
  /** Presence was told, and not taken back. */
  readonly reacting: boolean;
  /** Decided, but not told yet. */
  readonly decided: readonly Interval[];
  /**
   * A running grace, a face that is still to show that it lives, and the unobserved time in them: `grace_lapsed` until it is
   * known to have recovered, `not_live` until it is known to live.
   */
  readonly undecided: readonly Interval[];
}

export const initialNarration: NarrationState = { stage: 'face', reacting: false, decided: [], undecided: [] };

/** Takes in the next passage. */
export function narrate(state: NarrationState, passage: Passage): { state: NarrationState; told: Told<Fact>[] } {
  const settled = settle(state, passage);
  const facts = factsOf(state, passage);
  const told = facts.map((fact, index) => ({
    fact,
    observedThroughMs: passage.fromMs,
    intervals: index === 0 ? settled.decided : [],
  }));
  const after = facts.length > 0 ? { ...settled, decided: [] } : settled;
  return { state: add({ ...after, ...standing(state, passage) }, passage), told };
}

/** Says how far observation has come, with what is decided by now. */
export function tell<F>(state: NarrationState, fact: F, observedThroughMs: number): { state: NarrationState; told: Told<F> } {
  return { state: { ...state, decided: [] }, told: { fact, observedThroughMs, intervals: state.decided } };
}

/** Who was waited for is gone: a grace that is still running has not ended in renewed presence, and is lapsed. */
export function lapse(state: NarrationState): NarrationState {
  return { ...state, decided: resolve(state.undecided, undefined).reduce(append, [...state.decided]), undecided: [] };
}

/** No more passages follow, and nothing from `finalMs` on counts. */
export function conclude(state: NarrationState, finalMs: number): NarrationState {
  const lapsed = lapse(state);
  return { ...lapsed, decided: clip(lapsed.decided, finalMs) };
}

/** What is undecided is decided by presence or by absence. */
function settle(state: NarrationState, passage: Passage): NarrationState {
  if (passage.kind !== 'evidence' && passage.stage !== 'absent') return state;
  const by = passage.kind === 'evidence' && passage.stage !== 'absent' ? passage.stage : undefined;
  return { ...state, decided: resolve(state.undecided, by).reduce(append, [...state.decided]), undecided: [] };
}

/** Presence by any channel ends a grace well; that a face lives is only shown by a face. */
function resolve(undecided: readonly Interval[], presence: Channel | undefined): Interval[] {
  return undecided.map((interval) => {
    if (interval.kind === 'grace_lapsed' && presence) return { ...interval, kind: 'grace_recovered' };
    if (interval.kind !== 'not_live') return interval;
    return presence === 'face' ? { ...interval, kind: 'evidence' } : { ...interval, confidence: 0 };
  });
}

function factsOf(state: NarrationState, passage: Passage): Fact[] {
  const { stage, kind, fromMs } = passage;
  const facts: Fact[] = [];
  if (stage !== state.stage && stage === 'absent') facts.push({ type: 'absent', sinceMs: fromMs });
  if (stage !== state.stage && stage !== 'absent' && state.stage !== 'absent') {
    facts.push({ type: 'channel_changed', from: state.stage, to: stage, atMs: fromMs });
  }
  if (kind === 'evidence' && stage !== 'absent' && !state.reacting) facts.push({ type: 'present', channel: stage, sinceMs: presentSinceMs(state, passage) });
  return facts;
}

/** A face that has shown that it lives was there since it was seen first. */
function presentSinceMs({ undecided }: NarrationState, { stage, fromMs }: Passage): number {
  const pending = stage === 'face' ? undecided.find(({ kind }) => kind === 'not_live') : undefined;
  return pending?.fromMs ?? fromMs;
}

function standing(state: NarrationState, { stage, kind }: Passage): Pick<NarrationState, 'stage' | 'reacting'> {
  return { stage, reacting: stage !== 'absent' && (state.reacting || kind === 'evidence') };
}

function add(state: NarrationState, passage: Passage): NarrationState {
  const interval = asInterval(passage);
  const waits = passage.kind === 'grace' || passage.kind === 'pending' || (interval.kind === 'unobserved' && state.undecided.length > 0);
  return waits ? { ...state, undecided: append(state.undecided, interval) } : { ...state, decided: append(state.decided, interval) };
}

function asInterval({ fromMs, toMs, stage, kind, confidence }: Passage): Interval {
  if (kind === 'not_live') return { fromMs, toMs, kind, channel: 'face', confidence: 0 };
  if (kind === 'unobserved' || kind === 'absent' || stage === 'absent') {
    return { fromMs, toMs, kind: kind === 'unobserved' ? 'unobserved' : 'absent', confidence: 0 };
  }
  if (kind === 'grace') return { fromMs, toMs, kind: 'grace_lapsed', channel: stage, confidence: 0 };
  return { fromMs, toMs, kind: kind === 'pending' ? 'not_live' : 'evidence', channel: stage, confidence };
}
