import { facePresence, initialFaceStanding, type FaceStanding } from './face-standing.ts';
import type { CascadeTerms, Finding, Presence } from './finding.ts';
import { initialLiveness, observeFace, type LivenessState } from './liveness.ts';
import type { FaceMeasurement, Measurement, VoiceMeasurement } from './measurement.ts';
import { initialTextGuard, judgeText, type TextGuardState } from './text-guard.ts';

/**
 * Of how measurements are judged and what follows from it: goes up with each change after which the same ones may come to
 * other intervals.
 */
export const RULES_VERSION = 1;

/** The part of a billing policy that recognition goes by. */
export interface RecognitionTerms extends CascadeTerms {
  /** Claim 5: smallest ratio of the area of a face's components to the picture's, 0..1. */
  readonly minFaceAreaRatio: number;
  /** How long a face counts without a sign that it lives; 0: no sign is asked for. */
  readonly livenessMs: number;
}

/** What judging the next measurement takes of those before it. Plain data, kept with the session. */
export interface JudgementState {
  readonly face: FaceStanding;
  readonly liveness: LivenessState;
  readonly text: TextGuardState;
  /** Whether the last face and the last piece of audio showed somebody; undefined before the first. */
  readonly wasFace: boolean | undefined;
  readonly wasVoice: boolean | undefined;
}

export const initialJudgement: JudgementState = {
  face: initialFaceStanding,
  liveness: initialLiveness,
  text: initialTextGuard,
  wasFace: undefined,
  wasVoice: undefined,
};

export interface Judged {
  readonly state: JudgementState;
  readonly finding: Finding;
}

/** Of a face that counts: as much of it has to be in the picture. */
const MIN_INSIDE = 0.5;
/** Of speech that counts: as much at most may be the payer's own, coming back. */
const MAX_ECHO = 0.5;
/** From here on one measurement is believed by itself. */
const SURE = 0.75;

/** What a measurement says by the terms, after those before it: whether somebody is there. */
export function judge(state: JudgementState, atMs: number, measurement: Measurement, terms: RecognitionTerms): Judged {
  switch (measurement.channel) {
    case 'face':
      return judgeFace(state, atMs, measurement, terms);
    case 'voice':
      return judgeVoice(state, atMs, measurement);
    case 'text': {
      const { state: text, counts } = judgeText(state.text, atMs, measurement);
      return { state: { ...state, text }, finding: finding('text', atMs, counts ? 'there' : 'nobody', 1) };
    }
  }
}

function judgeFace(state: JudgementState, atMs: number, face: FaceMeasurement, { minFaceAreaRatio, livenessMs }: RecognitionTerms): Judged {
  const isFace = face.faces > 0 && face.areaRatio >= minFaceAreaRatio && face.inside >= MIN_INSIDE;
  const isShown = isFace && isBelieved(state.wasFace, face.score);
  const { state: liveness, sign, replayed } = observeFace(state.liveness, atMs, face);
  const { standing, presence } = facePresence(state.face, { atMs, isShown, sign, replayed }, livenessMs);
  return { state: { ...state, face: standing, liveness, wasFace: isFace }, finding: finding('face', atMs, presence, face.score) };
}

function judgeVoice(state: JudgementState, atMs: number, { speechMs, confidence, echo }: VoiceMeasurement): Judged {
  const isVoice = speechMs > 0 && echo <= MAX_ECHO;
  const isThere = isVoice && isBelieved(state.wasVoice, confidence);
  return { state: { ...state, wasVoice: isVoice }, finding: finding('voice', atMs, isThere ? 'there' : 'nobody', confidence) };
}

/** After nobody was there, one measurement that is not sure of itself is a flicker; the next one confirms it. */
function isBelieved(wasThere: boolean | undefined, confidence: number): boolean {
  return wasThere !== false || confidence >= SURE;
}

function finding(channel: Finding['channel'], atMs: number, presence: Presence, confidence: number): Finding {
  return { channel, atMs, presence, confidence: presence === 'nobody' ? 0 : confidence };
}
