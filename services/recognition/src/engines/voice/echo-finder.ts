import { CHUNK_SAMPLES } from '@parley/speech';
import { FourierTransform } from './fourier-transform.ts';
import { LeastSquares } from './least-squares.ts';

/** 32 ms, one every 16 ms. */
const FRAME = CHUNK_SAMPLES;
const HOP = FRAME / 2;
/** Every second of the spectrum's bands of 31 Hz, from 125 Hz to 2.6 kHz: the power of speech is there, and neighbours are alike. */
const BINS = Array.from({ length: 40 }, (_, nth) => 4 + 2 * nth);
/** In frames: an echo is back within 0.54 s. */
const LAGS = 34;
/** In frames: for so long, 96 ms, the room holds it. The first is before the echo, whose delay is no whole number of frames. */
const TAPS = 6;
/** Of a frame: about a second is remembered. */
const KEPT = 0.985;
/** Another delay has to fit so much better than the one that is believed. */
const BETTER = 1.3;
/** Of the power in a band. */
const REGULAR = 1e-3;
/** Of a frame: power is compared over about 0.1 s. */
const COMPARED = 0.8;
/** Mean square of -60 dBFS, below which nothing was sent that could come back. */
const SILENT = (32_768 / 1000) ** 2;

const WINDOW = Float64Array.from({ length: FRAME }, (_, at) => Math.sin((Math.PI * (at + 0.5)) / FRAME) ** 2);
const FOURIER = new FourierTransform(FRAME);

/**
 * Says how much of what is heard of the counterpart is what was sent to it, coming back from its loudspeaker: later, fainter,
 * and coloured by its room. In each band of the spectrum what is heard is predicted from what was sent before, as the last
 * second has taught; what the counterpart says itself cannot be. (Convolutive transfer functions in the short-time Fourier
 * domain, without cross-bands: Avargel and Cohen, IEEE TASLP 15(4), 2007.) It takes a second to learn a room.
 */
export class EchoFinder {
  readonly #near = new Float64Array(FRAME);
  readonly #sent = new Float64Array(FRAME);
  /** Near is the real part, sent the imaginary one: one transform does for both. */
  readonly #real = new Float64Array(FRAME);
  readonly #imaginary = new Float64Array(FRAME);
  /** What is heard, by band; and what was sent, by band and then by lag. Complex numbers lie as real part, imaginary part. */
  readonly #heard = new Float64Array(BINS.length * 2);
  readonly #sentBefore = new Float64Array(BINS.length * LAGS * 2);
  readonly #room = new LeastSquares(BINS.length, TAPS, KEPT);
  readonly #delay = new DelayFinder();
  #silentFrames = LAGS;
  #frames = 0;
  #heardPower = 0;
  #restPower = 0;

  /**
   * Takes chunks of both, of the same time, that follow those pushed before.
   * @returns for each chunk the share of its power that follows from what was sent, 0..1
   */
  push(near: Int16Array, sent: Int16Array): number[] {
    const shares: number[] = [];
    for (let at = 0; at < near.length; at += FRAME) {
      this.#advance(near.subarray(at, at + HOP), sent.subarray(at, at + HOP));
      this.#advance(near.subarray(at + HOP, at + FRAME), sent.subarray(at + HOP, at + FRAME));
      shares.push(this.#heardPower > 0 ? Math.max(0, 1 - this.#restPower / this.#heardPower) : 0);
    }
    return shares;
  }

  #advance(near: Int16Array, sent: Int16Array): void {
    shift(this.#near, near);
    shift(this.#sent, sent);
    this.#silentFrames = isSilent(sent) ? this.#silentFrames + 1 : 0;
    this.#frames += 1;
    this.#transform();
    this.#compare();
    if (this.#silentFrames < LAGS) this.#learn();
  }

  #transform(): void {
    for (let at = 0; at < FRAME; at += 1) {
      this.#real[at] = this.#near[at]! * WINDOW[at]!;
      this.#imaginary[at] = this.#sent[at]! * WINDOW[at]!;
    }
    FOURIER.transform(this.#real, this.#imaginary);
    this.#sentBefore.copyWithin(2, 0);
    for (let band = 0; band < BINS.length; band += 1) {
      const one = BINS[band]!;
      const other = FRAME - one;
      this.#heard[2 * band] = (this.#real[one]! + this.#real[other]!) / 2;
      this.#heard[2 * band + 1] = (this.#imaginary[one]! - this.#imaginary[other]!) / 2;
      this.#sentBefore[band * LAGS * 2] = (this.#imaginary[one]! + this.#imaginary[other]!) / 2;
      this.#sentBefore[band * LAGS * 2 + 1] = (this.#real[other]! - this.#real[one]!) / 2;
    }
  }

  #compare(): void {
    let heard = 0;
    let rest = 0;
    for (let band = 0; band < BINS.length; band += 1) {
      const re = this.#heard[2 * band]!;
      const im = this.#heard[2 * band + 1]!;
      heard += re * re + im * im;
      rest += this.#room.rest(band, re, im, this.#sentBefore, this.#from(band));
    }
    this.#heardPower = COMPARED * this.#heardPower + heard;
    this.#restPower = COMPARED * this.#restPower + rest;
  }

  #learn(): void {
    if (this.#delay.hasMoved(this.#heard, this.#sentBefore, this.#frames)) this.#room.clear();
    for (let band = 0; band < BINS.length; band += 1) {
      this.#room.learn(band, this.#heard[2 * band]!, this.#heard[2 * band + 1]!, this.#sentBefore, this.#from(band));
      // A third of the bands each time: what is learnt does not age so fast.
      if ((band + this.#frames) % 3 === 0) this.#room.solve(band, REGULAR);
    }
  }

  #from(band: number): number {
    return (band * LAGS + this.#delay.frames) * 2;
  }
}

/** Finds by how many frames what is heard lags behind what was sent: where the two go together best, whatever the room does to their phases. */
class DelayFinder {
  /** Cross-spectrum, by band and then by lag. */
  readonly #crossed = new Float64Array(BINS.length * LAGS * 2);
  readonly #heardPower = new Float64Array(BINS.length);
  readonly #coherence = new Float64Array(LAGS);
  #frames = 0;

  /** Where the taps begin. */
  get frames(): number {
    return this.#frames;
  }

  /** Every second band each time does. @returns whether the delay is another one now */
  hasMoved(heard: Float64Array, sentBefore: Float64Array, frame: number): boolean {
    for (let band = frame % 2; band < BINS.length; band += 2) this.#cross(band, heard[2 * band]!, heard[2 * band + 1]!, sentBefore);
    if (frame % 4 !== 0) return false;
    const best = this.#best();
    if (best === this.#frames) return false;
    const believed = Math.max(...this.#coherence.subarray(this.#frames, this.#frames + TAPS - 2));
    if (this.#coherence[best + 1]! < BETTER * believed) return false;
    this.#frames = best;
    return true;
  }

  #cross(band: number, re: number, im: number, sentBefore: Float64Array): void {
    const crossed = this.#crossed;
    this.#heardPower[band] = KEPT * this.#heardPower[band]! + re * re + im * im;
    for (let at = band * LAGS * 2; at < (band + 1) * LAGS * 2; at += 2) {
      const x = sentBefore[at]!;
      const y = sentBefore[at + 1]!;
      crossed[at] = KEPT * crossed[at]! + re * x + im * y;
      crossed[at + 1] = KEPT * crossed[at + 1]! + im * x - re * y;
    }
  }

  /** The tap before the lag at which the two go together best. */
  #best(): number {
    this.#coherence.fill(0);
    for (let band = 0; band < BINS.length; band += 1) {
      const power = this.#heardPower[band]! + Number.MIN_VALUE;
      for (let lag = 0; lag < LAGS; lag += 1) {
        const at = (band * LAGS + lag) * 2;
        this.#coherence[lag] = this.#coherence[lag]! + (this.#crossed[at]! ** 2 + this.#crossed[at + 1]! ** 2) / power;
      }
    }
    const peak = this.#coherence.indexOf(Math.max(...this.#coherence));
    return Math.min(Math.max(0, peak - 1), LAGS - TAPS);
  }
}

function shift(frame: Float64Array, hop: Int16Array): void {
  frame.copyWithin(0, HOP);
  frame.set(hop, FRAME - HOP);
}

function isSilent(samples: Int16Array): boolean {
  let sum = 0;
  for (const sample of samples) sum += sample * sample;
  return sum < SILENT * samples.length;
}
