import type { CascadeTerms, Channel, Finding, Presence } from './finding.ts';

/**
 * The cascade of US 11558721 claim 4, in media time. While the face is absent for T1, voice counts; while voice is
 * absent for T2, text counts; while text is absent for T3, there is no reaction. Any face leads back to the face stage,
 * a voice in the stages after its own to the voice stage, a text after absence to the text stage.
 *
 * A face that has not shown yet that it lives keeps the face stage, since it may prove to have been there all the time; it
 * does not lead back to it. After absence the time in which such a face is shown, or one that does not live, is said to be
 * that.
 *
 * `decide` says what passes until a media time, given the findings so far; `evolve` takes a passage or a finding in.
 * Findings come in the order of their media time, so that what passed before a finding is settled when it comes, and
 * the cut of the findings into batches cannot show.
 */
export type Stage = Channel | 'absent';

/**
 * A stretch of media time, half-open, in which nothing changes. `evidence` is a reaction by the stage's own channel,
 * `pending` what will have been one if the face proves to live, `grace` the wait for one, `not_live` an absence in which a
 * face is shown. Without a finding of any kind in the last maxGapMs it is `unobserved`, whatever the stage.
 */
export interface Passage {
  readonly fromMs: number;
  readonly toMs: number;
  readonly stage: Stage;
  readonly kind: 'evidence' | 'pending' | 'grace' | 'absent' | 'not_live' | 'unobserved';
  /** Of the finding that is the evidence, or may come to be; else 0. */
  readonly confidence: number;
}

/** How long the last finding of a channel holds, if no other comes. */
export interface Held {
  readonly untilMs: number;
  readonly confidence: number;
  readonly presence: Presence;
}

export interface CascadeState {
  /** Media time before this has passed. */
  readonly throughMs: number;
  readonly stage: Stage;
  /** The end of the last presence in this stage, or the begin of the stage where it had none. */
  readonly waitingSinceMs: number;
  readonly observedUntilMs: number;
  readonly held: Readonly<Record<Channel, Held>>;
}

const NOTHING: Held = { untilMs: 0, confidence: 0, presence: 'nobody' };

/** A session starts in the face stage, with nothing observed. */
export const initialCascade: CascadeState = {
  throughMs: 0,
  stage: 'face',
  waitingSinceMs: 0,
  observedUntilMs: 0,
  held: { face: NOTHING, voice: NOTHING, text: NOTHING },
};

const NEXT_STAGE = { face: 'voice', voice: 'text', text: 'absent' } as const;

/** What passes from `state.throughMs` until `untilMs`: contiguous, without empty stretches. */
export function decide(untilMs: number, state: CascadeState, terms: CascadeTerms): Passage[] {
  const passages: Passage[] = [];
  for (let now = state; now.throughMs < untilMs; ) {
    const passage = nextPassage(now, untilMs, terms);
    passages.push(passage);
    now = evolve(now, passage);
  }
  return passages;
}

export function evolve(state: CascadeState, passage: Passage): CascadeState {
  const { stage, toMs, kind } = passage;
  const sinceMs = stage === state.stage ? state.waitingSinceMs : passage.fromMs;
  return { ...state, throughMs: toMs, stage, waitingSinceMs: kind === 'evidence' || kind === 'pending' ? toMs : sinceMs };
}

/** Takes in a finding. Everything before it must have passed; of two at the same instant the later one counts. */
export function take(state: CascadeState, finding: Finding, terms: CascadeTerms): CascadeState {
  const { channel, atMs, presence, confidence } = finding;
  if (atMs !== state.throughMs) throw new RangeError(`a finding at ${atMs} ms, but time has passed until ${state.throughMs} ms`);
  const observed = { ...state, observedUntilMs: atMs + terms.maxGapMs };
  // That nothing was typed just now does not take back what was typed a moment ago.
  if (channel === 'text' && presence === 'nobody') return observed;
  const holdsMs = channel === 'text' ? terms.textHoldMs : terms.maxGapMs;
  return { ...observed, held: { ...state.held, [channel]: { untilMs: presence === 'nobody' ? atMs : atMs + holdsMs, confidence, presence } } };
}

/** From here on no earlier finding holds any more. */
export function forget(state: CascadeState): CascadeState {
  return { ...state, observedUntilMs: state.throughMs, held: initialCascade.held };
}

function nextPassage(state: CascadeState, untilMs: number, terms: CascadeTerms): Passage {
  const fromMs = state.throughMs;
  const stage = stageNow(state, terms);
  const observed = fromMs < state.observedUntilMs;
  const evidence = stage === 'absent' ? undefined : evidenceNow(state, stage);
  if (evidence) {
    const kind = evidence.presence === 'pending' ? 'pending' : 'evidence';
    return { fromMs, toMs: Math.min(untilMs, evidence.untilMs), stage, kind, confidence: evidence.confidence };
  }
  const sinceMs = stage === state.stage ? state.waitingSinceMs : fromMs;
  const lapsesMs = stage === 'absent' ? Infinity : sinceMs + patienceMs(stage, terms);
  const toMs = Math.min(untilMs, lapsesMs, observed ? state.observedUntilMs : Infinity);
  if (!observed) return { fromMs, toMs, stage, kind: 'unobserved', confidence: 0 };
  if (stage !== 'absent') return { fromMs, toMs, stage, kind: 'grace', confidence: 0 };
  const shown = shownNow(state, 'face');
  return { fromMs, toMs: Math.min(toMs, shown?.untilMs ?? Infinity), stage, kind: shown ? 'not_live' : 'absent', confidence: 0 };
}

/** The stage at this instant. Presence comes before patience: who appears just as the wait ends is not late. */
function stageNow(state: CascadeState, terms: CascadeTerms): Stage {
  const face = evidenceNow(state, 'face');
  if (face?.presence === 'there') return 'face';
  if (state.stage !== 'face' && evidenceNow(state, 'voice')) return 'voice';
  if (state.stage === 'absent' && evidenceNow(state, 'text')) return 'text';
  let stage = state.stage;
  let sinceMs = state.waitingSinceMs;
  while (stage !== 'absent' && !evidenceNow(state, stage) && state.throughMs - sinceMs >= patienceMs(stage, terms)) {
    stage = NEXT_STAGE[stage];
    sinceMs = state.throughMs;
  }
  return stage;
}

function evidenceNow(state: CascadeState, channel: Channel): Held | undefined {
  const shown = shownNow(state, channel);
  return shown?.presence === 'refused' ? undefined : shown;
}

function shownNow(state: CascadeState, channel: Channel): Held | undefined {
  const held = state.held[channel];
  // A text may be meant to hold longer than the silence that makes a stretch unobserved: nobody is there to hold it.
  const endMs = Math.min(held.untilMs, state.observedUntilMs);
  return state.throughMs < endMs ? { ...held, untilMs: endMs } : undefined;
}

function patienceMs(stage: Channel, terms: CascadeTerms): number {
  switch (stage) {
    case 'face':
      return terms.faceAbsentMs;
    case 'voice':
      return terms.voiceAbsentMs;
    case 'text':
      return terms.textAbsentMs;
  }
}
