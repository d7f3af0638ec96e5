import { SAMPLE_RATE_HZ } from '@parley/speech';

/** For tests: reproducible noise in -1..1 (mulberry32). */
export function noise(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 31 - 1;
  };
}

/** @param level of a sample, by its time in seconds */
export function sound(seconds: number, level: (second: number) => number): Int16Array {
  return Int16Array.from({ length: seconds * SAMPLE_RATE_HZ }, (_, index) => clipped(level(index / SAMPLE_RATE_HZ)));
}

/** With equal power in each octave: octaves of noise, each held for twice as long as the one before. */
export function pinkNoise(seconds: number, level: number): Int16Array {
  const white = noise(11);
  const octaves = new Float64Array(12);
  let sample = 0;
  return sound(seconds, () => {
    sample += 1;
    for (let octave = 0; octave < octaves.length; octave += 1) if (sample % 2 ** octave === 0) octaves[octave] = white();
    return (level * octaves.reduce((sum, one) => sum + one, 0)) / 4;
  });
}

const SCALE = [261.6, 293.7, 329.6, 349.2, 392, 440];

/** What is no speech. */
export const NO_SPEECH: readonly (readonly [name: string, pcm: Int16Array])[] = [
  ['silence', sound(4, () => 0)],
  ['white noise', sound(4, ((white) => () => 8000 * white())(noise(1)))],
  ['faint noise', sound(4, ((white) => () => 200 * white())(noise(2)))],
  ['pink noise', pinkNoise(4, 8000)],
  ['mains hum', sound(4, (second) => [50, 100, 150, 250].reduce((sum, hz, nth) => sum + (4000 / (nth + 1)) * Math.sin(2 * Math.PI * hz * second), 0))],
  ['a tone', sound(4, (second) => 8000 * Math.sin(2 * Math.PI * 440 * second))],
  ['a melody', sound(4, (second) => 9000 * Math.exp(-3 * ((second * 4) % 1)) * Math.sin(2 * Math.PI * SCALE[Math.floor(second * 4) % SCALE.length]! * second))],
  ['clicks', sound(4, ((white) => (second) => (second % 0.37 < 0.004 ? 20_000 * white() : 0))(noise(3)))],
];

export interface Room {
  readonly delayMs: number;
  /** Of the direct path. */
  readonly gain: number;
  /** Until what the room gives back has fallen by 60 dB; it has the power of the direct path. */
  readonly reverberationMs: number;
}

/** What a microphone in the room picks up of what its loudspeaker plays: the direct path, then noise that decays. */
export function echoOf(played: Int16Array, { delayMs, gain, reverberationMs }: Room): Int16Array {
  const random = noise(5);
  const tail = Array.from({ length: (reverberationMs * SAMPLE_RATE_HZ) / 1000 }, (_, at, length = (reverberationMs * SAMPLE_RATE_HZ) / 1000) => random() * 10 ** ((-3 * at) / length));
  const power = Math.sqrt(tail.reduce((sum, one) => sum + one * one, 0));
  const response = [1, ...tail.map((one) => one / power)];
  const delay = (delayMs * SAMPLE_RATE_HZ) / 1000;
  const heard = new Float64Array(played.length + delay + response.length);
  for (const [at, sample] of played.entries()) for (let tap = 0; tap < response.length; tap += 1) heard[at + delay + tap]! += sample * response[tap]! * gain;
  return Int16Array.from(heard.subarray(0, played.length), clipped);
}

/** At the same time, as long as the first. */
export function mixed(one: Int16Array, other: Int16Array): Int16Array {
  return one.map((sample, at) => clipped(sample + (other[at] ?? 0)));
}

/** As loud as another sound. */
export function levelled(pcm: Int16Array, like: Int16Array, factor = 1): Int16Array {
  const by = (factor * loudness(like)) / loudness(pcm);
  return pcm.map((sample) => clipped(sample * by));
}

/** Root of the mean square. */
export function loudness(pcm: Int16Array): number {
  return Math.sqrt(pcm.reduce((sum, sample) => sum + sample * sample, 0) / pcm.length);
}

function clipped(level: number): number {
  return Math.max(-32_768, Math.min(32_767, Math.round(level)));
}
