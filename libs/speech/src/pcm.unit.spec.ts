import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { bytesFromPcm, durationMs, frames, pcmFromBytes, silence } from './pcm.ts';

const pcm = fc.int16Array({ maxLength: 2000 });

describe('sound as samples', () => {
  test('frames are of equal length and hold the sound, then silence', () => {
    fc.assert(
      fc.property(pcm, fc.integer({ min: 1, max: 60 }), (sound, frameMs) => {
        const cut = frames(sound, frameMs);
        expect(cut.length).toBe(Math.ceil(sound.length / (frameMs * 16)));
        expect(cut.every((frame) => frame.length === frameMs * 16)).toBe(true);
        const joined = cut.flatMap((frame) => Array.from(frame));
        expect(joined.slice(0, sound.length)).toEqual(Array.from(sound));
        expect(joined.slice(sound.length).every((sample) => sample === 0)).toBe(true);
      }),
    );
  });

  test('a telephone frame is 20 ms: 640 bytes', () => {
    expect(frames(silence(100)).map((frame) => bytesFromPcm(frame).length)).toEqual([640, 640, 640, 640, 640]);
    expect(durationMs(silence(100))).toBe(100);
  });

  test('a frame without samples is refused', () => {
    expect(() => frames(silence(20), 0)).toThrow(RangeError);
  });

  test('bytes and samples are each other, at any alignment', () => {
    fc.assert(
      fc.property(pcm, fc.integer({ min: 0, max: 3 }), (sound, offset) => {
        const bytes = bytesFromPcm(sound);
        const moved = new Uint8Array(bytes.length + offset);
        moved.set(bytes, offset);
        expect(Array.from(pcmFromBytes(moved.subarray(offset)))).toEqual(Array.from(sound));
      }),
    );
  });

  test('bytes are little-endian', () => {
    expect(Array.from(bytesFromPcm(Int16Array.of(1, -2)))).toEqual([1, 0, 254, 255]);
  });

  test('an odd number of bytes is refused', () => {
    expect(() => pcmFromBytes(new Uint8Array(641))).toThrow(expect.objectContaining({ code: 'speech.malformed_pcm' }));
  });
});
