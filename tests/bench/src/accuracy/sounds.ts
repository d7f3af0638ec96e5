import type { Random } from './random.ts';

const rateHz = 16_000;
/** A pentatonic scale on A. */
const notesHz = [220, 246.9, 277.2, 329.6, 370, 440, 493.9, 554.4];

/** White noise of an amplitude, of 32,767. */
export function noise(length: number, amplitude: number, random: Random): Int16Array {
  return Int16Array.from({ length }, () => amplitude * (2 * random() - 1));
}

/** Plucked chords with harmonics, two a second: no voice. */
export function music(length: number, random: Random): Int16Array {
  const whole = new Float32Array(length);
  for (let at = 0; at < length; at += rateHz / 2) {
    for (let voice = 0; voice < 3; voice += 1) {
      const frequencyHz = notesHz[Math.floor(random() * notesHz.length)]!;
      for (let nth = 0; nth < rateHz && at + nth < length; nth += 1) {
        const seconds = nth / rateHz;
        const tone = [1, 2, 3].reduce((sum, harmonic) => sum + Math.sin(2 * Math.PI * frequencyHz * harmonic * seconds) / harmonic, 0);
        whole[at + nth]! += 2_000 * tone * Math.exp(-4 * seconds);
      }
    }
  }
  return Int16Array.from(whole, (value) => Math.max(-32_768, Math.min(32_767, value)));
}
