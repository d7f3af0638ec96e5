import { describe, expect, test } from '@jest/globals';
import { readWav } from './wav-file.ts';

function wav({ rateHz = 16_000, channels = 1, extra = false } = {}): Buffer {
  const format = Buffer.alloc(24);
  format.write('fmt ', 'latin1');
  format.writeUInt32LE(16, 4);
  format.writeUInt16LE(1, 8);
  format.writeUInt16LE(channels, 10);
  format.writeUInt32LE(rateHz, 12);
  format.writeUInt16LE(16, 22);
  const data = Buffer.from('data\x04\x00\x00\x00\x01\x00\x02\x00', 'latin1');
  // A chunk of odd length has a byte of padding.
  const list = extra ? Buffer.from('LIST\x03\x00\x00\x00abc\x00', 'latin1') : Buffer.alloc(0);
  return Buffer.concat([Buffer.from('RIFF\x00\x00\x00\x00WAVE', 'latin1'), format, list, data]);
}

describe('a WAV file', () => {
  test('gives its samples, whatever chunks it has besides', () => {
    expect(Array.from(readWav(wav()))).toEqual([1, 2]);
    expect(Array.from(readWav(wav({ extra: true })))).toEqual([1, 2]);
  });

  test.each([
    ['another rate', wav({ rateHz: 8000 })],
    ['stereo', wav({ channels: 2 })],
    ['no samples', wav().subarray(0, 36)],
    ['no WAV', Buffer.from('hello')],
    ['nothing', Buffer.alloc(0)],
  ])('%s is refused', (_what, file) => {
    expect(() => readWav(file)).toThrow(expect.objectContaining({ code: 'speech.synthesis_failed' }));
  });
});
