import { parleyError } from '@parley/errors';
import { SAMPLE_RATE_HZ } from './sample-rate.ts';

/** Length of a piece of sound in milliseconds. */
export function durationMs(pcm: Int16Array): number {
  return (pcm.length * 1000) / SAMPLE_RATE_HZ;
}

/** A piece of `ms` milliseconds in which nothing is heard. */
export function silence(ms: number): Int16Array {
  return new Int16Array(Math.round((ms * SAMPLE_RATE_HZ) / 1000));
}

/**
 * Cuts sound into frames of `frameMs` milliseconds, as telephony sends them (RFC 3551: 20 ms). The last one is filled
 * up with silence, so that all have the same length. A frame may share memory with `pcm`.
 */
export function frames(pcm: Int16Array, frameMs = 20): Int16Array[] {
  const samples = Math.round((frameMs * SAMPLE_RATE_HZ) / 1000);
  if (!(samples > 0)) throw new RangeError(`a frame of ${frameMs} ms has no samples`);
  const cut: Int16Array[] = [];
  for (let at = 0; at < pcm.length; at += samples) {
    const frame = pcm.subarray(at, at + samples);
    if (frame.length === samples) {
      cut.push(frame);
    } else {
      const filled = new Int16Array(samples);
      filled.set(frame);
      cut.push(filled);
    }
  }
  return cut;
}

/** Samples as signed 16 bit little-endian bytes, the form of Parley's contracts. The bytes are a copy. */
export function bytesFromPcm(pcm: Int16Array): Uint8Array {
  const bytes = new Uint8Array(pcm.length * 2);
  const view = new DataView(bytes.buffer);
  pcm.forEach((sample, index) => view.setInt16(index * 2, sample, true));
  return bytes;
}

/**
 * The reverse of `bytesFromPcm`. The samples are a copy, whatever the alignment of the bytes.
 * @throws ParleyError speech.malformed_pcm when the length is odd
 */
export function pcmFromBytes(bytes: Uint8Array): Int16Array {
  if (bytes.length % 2 !== 0) {
    throw parleyError('speech.malformed_pcm', `16 bit samples take an even number of bytes, not ${bytes.length}`);
  }
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const pcm = new Int16Array(bytes.length / 2);
  for (let index = 0; index < pcm.length; index += 1) pcm[index] = view.getInt16(index * 2, true);
  return pcm;
}
