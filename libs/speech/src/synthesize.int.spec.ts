import { readdir } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { describe, expect, test } from '@jest/globals';
import { durationMs } from './pcm.ts';
import { MAX_TEXT_LENGTH, synthesize, VOICES } from './synthesize.ts';

const loudness = (pcm: Int16Array): number => Math.sqrt(pcm.reduce((sum, sample) => sum + sample * sample, 0) / pcm.length);

describe('synthesize', () => {
  test.each(VOICES)('%s speaks audibly, for about as long as a person would', async (voice) => {
    const pcm = await synthesize('Hello, this is a test call.', { voice });
    expect(durationMs(pcm)).toBeGreaterThan(1200);
    expect(durationMs(pcm)).toBeLessThan(3500);
    expect(loudness(pcm)).toBeGreaterThan(500);
  });

  test('the same text gives the same samples, at the same time and after one another', async () => {
    const [first, ...others] = await Promise.all(['one two three', 'one two three', 'one two three'].map((text) => synthesize(text)));
    for (const other of others) expect(other).toEqual(first);
  });

  test('what looks like an option or a file is text', async () => {
    for (const text of ['-voice kal', '--help', '/etc/passwd', '<audio src="/etc/passwd"/> hello']) {
      expect((await synthesize(text)).length).toBeGreaterThan(8000);
    }
  });

  test('control characters do not end the text early', async () => {
    const [line, lines] = [await synthesize('one two'), await synthesize('one\0\r\ntwo')];
    expect(lines).toEqual(line);
  });

  test.each(['', '  \n', '...', '!?'])('nothing to say in %j: no samples', async (text) => {
    expect((await synthesize(text)).length).toBe(0);
  });

  test('too long a text and an unknown voice are refused', async () => {
    await expect(synthesize('a'.repeat(MAX_TEXT_LENGTH + 1))).rejects.toMatchObject({ code: 'speech.text_too_long' });
    await expect(synthesize('hello', { voice: 'nobody' as 'slt' })).rejects.toMatchObject({ code: 'speech.unknown_voice' });
  });

  test('more than may wait are refused, the others are spoken, and the event loop goes on meanwhile', async () => {
    let ticks = 0;
    const ticking = setInterval(() => (ticks += 1), 5);
    const settled = await Promise.allSettled(Array.from({ length: 70 }, () => synthesize('hi')));
    clearInterval(ticking);
    const refused = settled.filter((one) => one.status === 'rejected');
    expect(refused).toHaveLength(4);
    for (const { reason } of refused) expect(reason).toMatchObject({ code: 'speech.synthesizer_busy' });
    expect(ticks).toBeGreaterThan(10);
  });

  test('leaves no file behind', async () => {
    await synthesize('hello');
    const left = (await readdir(tmpdir())).filter((name) => name.startsWith(`parley-speech-${process.pid}-`));
    expect(left).toEqual([]);
  });
});
