// How far what recognition makes of a call is from what it was meant to be, in charged seconds: over thousands of scripted
// calls, of frames and sounds that its engines measured.
import type { RecognitionTerms } from '../../../services/recognition/src/domain/judgement.ts';
import { measuredMaterials } from './accuracy/materials.ts';
import { seeded } from './accuracy/random.ts';
import { ideal, recognised, type Made } from './accuracy/recognised.ts';
import { isSeen, randomScript, samplingMs, type Script } from './accuracy/script.ts';
import { progress, report } from './report.ts';
import { percentile, type Measured } from './result-row.ts';

const calls = 3_000;
/** Those of the call router for calls without a policy. */
const terms = { faceAbsentMs: 3_000, voiceAbsentMs: 3_000, textAbsentMs: 5_000, textHoldMs: 5_000, maxGapMs: 1_000, minFaceAreaRatio: 0.01, livenessMs: 20_000 };

interface Compared {
  /** Charged, and by the script should not have been; and the other way round. Seconds. */
  readonly errorS: number;
  readonly minutes: number;
  /** From the moment at which a face was gone to the end of the face stage, beyond T1. Milliseconds. */
  readonly lateMs: readonly number[];
}

const materials = await measuredMaterials();
report('accuracy', [...rowsOf('no liveness asked for', { ...terms, livenessMs: 0 }), ...rowsOf('liveness', terms)]);

function rowsOf(name: string, given: RecognitionTerms): Measured[] {
  const compared = Array.from({ length: calls }, (_, nth) => {
    if (nth % 500 === 0) progress(`${name}: call ${nth} of ${calls}`);
    return compare(nth, given);
  });
  const errors = compared.map(({ errorS }) => errorS);
  const late = compared.flatMap(({ lateMs }) => lateMs);
  const minutes = compared.reduce((sum, call) => sum + call.minutes, 0);
  const perMinute = (side: (error: number) => number) => errors.reduce((sum, error) => sum + Math.max(0, side(error)), 0) / minutes;
  return [
    { name: `${name}: charged too much, mean`, unit: 's/min', values: [perMinute((error) => error)] },
    { name: `${name}: charged too much in a call, p95`, unit: 's', values: [Math.max(0, percentile(errors, 0.95))] },
    { name: `${name}: charged too much in a call, worst`, unit: 's', values: [Math.max(0, ...errors)] },
    { name: `${name}: charged too little, mean`, unit: 's/min', values: [perMinute((error) => -error)] },
    { name: `${name}: charged too little in a call, p95`, unit: 's', values: [Math.max(0, -percentile(errors, 0.05))] },
    { name: `${name}: charged too little in a call, worst`, unit: 's', values: [-Math.min(0, ...errors)] },
    { name: `${name}: absence of a face told beyond T1, median`, unit: 'ms', values: [percentile(late, 0.5)] },
    { name: `${name}: absence of a face told beyond T1, worst`, unit: 'ms', values: [Math.max(...late)], goal: { atMost: samplingMs } },
  ];
}

function compare(seed: number, given: RecognitionTerms): Compared {
  const random = seeded(seed);
  const script = randomScript(random);
  const made = recognised(script, given, materials, random);
  return { errorS: (made.chargedMs - ideal(script, given).chargedMs) / 1_000, minutes: script.endMs / 60_000, lateMs: lateness(script, made) };
}

/** For each time that a face went away for long enough. */
function lateness({ acts }: Script, { left }: Made): number[] {
  const long = terms.faceAbsentMs + samplingMs;
  return acts.flatMap(({ toMs, doing }, nth) => {
    const backMs = acts.slice(nth + 1).find((later) => isSeen(later.doing))?.fromMs ?? acts.at(-1)!.toMs;
    const told = left.find(({ atMs }) => atMs >= toMs && atMs <= backMs + samplingMs);
    return isSeen(doing) && acts[nth + 1] && backMs - toMs > long && told ? [told.atMs - toMs - terms.faceAbsentMs] : [];
  });
}
