import type { RecognitionTerms } from '../../../../services/recognition/src/domain/judgement.ts';
import { NO_FACE, type FaceMeasurement, type Measurement, type VoiceMeasurement } from '../../../../services/recognition/src/domain/measurement.ts';
import { initialSession, step, type Command, type Outcome } from '../../../../services/recognition/src/domain/session.ts';
import type { Materials } from './materials.ts';
import { actAt, isHeard, isSeen, samplingMs, type Script } from './script.ts';
import type { Random } from './random.ts';

/** What was made of a call. */
export interface Made {
  /** Evidence and grace that recovered: what a policy charges if it does not say otherwise. Milliseconds. */
  readonly chargedMs: number;
  /** When the face stage was left: in the call, and in the observation that told of it. */
  readonly left: readonly { readonly atMs: number; readonly toldMs: number }[];
}

const idealEveryMs = 50;
const someFace: FaceMeasurement = { ...NO_FACE, faces: 1, score: 1, areaRatio: 1, inside: 1 };
const voice = (isHeardNow: boolean): VoiceMeasurement => ({ channel: 'voice', speechMs: isHeardNow ? idealEveryMs : 0, confidence: 1, echo: 0 });

/** What somebody would make of it who sees and hears each moment and never errs. */
export function ideal(script: Script, terms: RecognitionTerms): Made {
  const outcomes: Outcome[] = [];
  for (let atMs = 0; atMs < script.endMs; atMs += idealEveryMs) {
    const { doing } = actAt(script, atMs);
    outcomes.push(outcome(atMs, isSeen(doing) ? someFace : NO_FACE), outcome(atMs, voice(isHeard(doing))));
  }
  return made(withTexts(outcomes, script), script.endMs, { ...terms, livenessMs: 0 });
}

/** What recognition makes of it: of frames and pieces of audio as its engines measured them. */
export function recognised(script: Script, terms: RecognitionTerms, materials: Materials, random: Random): Made {
  const outcomes: Outcome[] = [];
  const phaseMs = Math.floor(random() * samplingMs);
  const [frames, sound] = [materials.anyCamera(random, script.endMs / samplingMs), materials.anySound(random, script.endMs / samplingMs)];
  for (let nth = 0; nth * samplingMs + phaseMs < script.endMs; nth += 1) {
    const atMs = nth * samplingMs + phaseMs;
    outcomes.push(outcome(atMs, frames(actAt(script, atMs).doing, nth)));
    // Of a piece that lies in two acts: the one that has more of it.
    outcomes.push(outcome(atMs, sound(actAt(script, atMs + samplingMs / 2).doing, nth)));
  }
  return made(withTexts(outcomes, script), script.endMs, terms);
}

function outcome(atMs: number, measurement: Measurement): Outcome {
  return { channel: measurement.channel, atMs, claimedMs: atMs, result: { type: 'measured', measurement } };
}

function withTexts(outcomes: readonly Outcome[], { typedMs }: Script): Outcome[] {
  const texts = typedMs.map((atMs, nth) => outcome(atMs, { channel: 'text', kind: 'message', readable: true, digest: String(nth) }));
  return [...outcomes, ...texts].sort((one, other) => one.atMs - other.atMs);
}

function made(outcomes: readonly Outcome[], endMs: number, terms: RecognitionTerms): Made {
  const commands: Command[] = [
    { type: 'observe', outcomes, terms, progressMs: 500 },
    { type: 'complete', atMs: endMs },
    { type: 'finish', claimedMs: endMs, atMs: endMs },
  ];
  let session = initialSession;
  const told = commands.flatMap((command) => {
    const next = step(command, session);
    session = next.session;
    return next.told;
  });
  const charged = told.flatMap(({ intervals }) => intervals).filter(({ kind }) => kind === 'evidence' || kind === 'grace_recovered');
  return {
    chargedMs: charged.reduce((sum, { fromMs, toMs }) => sum + toMs - fromMs, 0),
    left: told.flatMap(({ fact, observedThroughMs }) => (fact.type === 'channel_changed' && fact.from === 'face' ? [{ atMs: fact.atMs, toldMs: observedThroughMs }] : [])),
  };
}
