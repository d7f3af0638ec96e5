// A script of what the counterpart does on the screen, as observations with exact media times.
import type { ObserveRequest } from '@parley/contracts';
import { attack, genuine, people, person, type Camera } from '@parley/picture-sequences';
import { bytesFromPcm, silence, synthesize } from '@parley/speech';

/** One stretch of the script, half-open. */
export interface Act {
  readonly name: string;
  readonly fromMs: number;
  readonly toMs: number;
  readonly camera: keyof typeof cameras;
  readonly speech?: string;
  /** Typed one after the other. */
  readonly texts?: readonly string[];
}

/** What the counterpart's camera shows: a person, a photograph of that person that somebody waves, nobody. */
const someone = person(people.forMeasuring[0]!);
const cameras = {
  person: genuine(someone, 'talking', 14),
  photograph: attack('waved', someone, 12),
  'empty room': attack('empty', someone, 13),
} as const satisfies Record<string, Camera>;

/** The order of the cascade: face, voice, text, nothing, and a face again (claim 4); a photograph in between is none. */
export const script: readonly Act[] = [
  { name: 'a face', fromMs: 0, toMs: 4_000, camera: 'person' },
  {
    name: 'no face, but speech',
    fromMs: 4_000,
    toMs: 7_500,
    camera: 'empty room',
    speech: 'I am still here, I only dropped my pen under the table and cannot find it, please wait a moment.',
  },
  {
    name: 'silence, but typing',
    fromMs: 7_500,
    toMs: 10_500,
    camera: 'empty room',
    texts: ['sorry, my microphone is off', 'one second', 'I think I have to plug it in again', 'now it should work'],
  },
  { name: 'nothing', fromMs: 10_500, toMs: 14_000, camera: 'empty room' },
  { name: 'a photograph before the camera', fromMs: 14_000, toMs: 16_500, camera: 'photograph' },
  { name: 'a face again', fromMs: 16_500, toMs: 20_000, camera: 'person' },
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
  return steps(act, frameEveryMs).map((atMs) => ({
    mediaTimeMs: BigInt(atMs),
    observation: { $case: 'jpeg', value: cameras[act.camera].jpegAt(atMs) },
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

function typing({ fromMs, texts = [] }: Act): ObserveRequest[] {
  return texts.map((text, nth) => ({ mediaTimeMs: BigInt(fromMs + nth * typingEveryMs), observation: { $case: 'text', value: text } }));
}

function steps({ fromMs, toMs }: Act, everyMs: number): number[] {
  return Array.from({ length: Math.ceil((toMs - fromMs) / everyMs) }, (_, index) => fromMs + index * everyMs);
}
