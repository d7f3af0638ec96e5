// A script of what the counterpart does on the screen, as observations with exact media times.
import type { ObserveRequest } from '@parley/contracts';
import { bytesFromPcm, silence, synthesize } from '@parley/speech';
import { emptyRoomFrame, faceFrame } from './camera.ts';

/** One stretch of the script, half-open. */
export interface Act {
  readonly name: string;
  readonly fromMs: number;
  readonly toMs: number;
  readonly face: boolean;
  readonly speech?: string;
  /** Typed at the start of the act and then once every `typingEveryMs`. */
  readonly text?: string;
}

/** The order of the cascade: face, voice, text, nothing, and a face again (claim 4). */
export const script: readonly Act[] = [
  { name: 'a face', fromMs: 0, toMs: 3_000, face: true },
  {
    name: 'no face, but speech',
    fromMs: 3_000,
    toMs: 6_500,
    face: false,
    speech: 'I am still here, I only dropped my pen under the table and cannot find it, please wait a moment.',
  },
  { name: 'silence, but typing', fromMs: 6_500, toMs: 9_500, face: false, text: 'sorry, my microphone is off' },
  { name: 'nothing', fromMs: 9_500, toMs: 13_000, face: false },
  { name: 'a face again', fromMs: 13_000, toMs: 15_000, face: true },
];

export const frameEveryMs = 500;
const chunkMs = 500;
const typingEveryMs = 800;
const samplesPerMs = 16;

/** All observations of the script, in the order of their media time. */
export async function observationsOf(acts: readonly Act[]): Promise<ObserveRequest[]> {
  const perAct = await Promise.all(acts.map(async (act) => [...frames(act), ...(await sound(act)), ...typing(act)]));
  return perAct.flat().sort((one, other) => Number(one.mediaTimeMs - other.mediaTimeMs));
}

export function endOf(acts: readonly Act[]): number {
  return acts.at(-1)!.toMs;
}

function frames(act: Act): ObserveRequest[] {
  const faces = act.face ? [faceFrame(1), faceFrame(2)] : [emptyRoomFrame()];
  return steps(act, frameEveryMs).map((atMs, index) => ({
    mediaTimeMs: BigInt(atMs),
    observation: { $case: 'jpeg', value: faces[index % faces.length]! },
  }));
}

async function sound(act: Act): Promise<ObserveRequest[]> {
  const pcm = silence(act.toMs - act.fromMs);
  if (act.speech !== undefined) {
    const speech = await synthesize(act.speech);
    for (let at = 0; at < pcm.length; at += 1) pcm[at] = speech[at % speech.length]!;
  }
  return steps(act, chunkMs).map((atMs) => {
    const from = (atMs - act.fromMs) * samplesPerMs;
    const value = Buffer.from(bytesFromPcm(pcm.subarray(from, from + chunkMs * samplesPerMs)));
    return { mediaTimeMs: BigInt(atMs), observation: { $case: 'pcm', value } };
  });
}

function typing(act: Act): ObserveRequest[] {
  const { text } = act;
  if (text === undefined) return [];
  return steps(act, typingEveryMs).map((atMs) => ({ mediaTimeMs: BigInt(atMs), observation: { $case: 'text', value: text } }));
}

function steps({ fromMs, toMs }: Act, everyMs: number): number[] {
  return Array.from({ length: Math.ceil((toMs - fromMs) / everyMs) }, (_, index) => fromMs + index * everyMs);
}
