import { describe, expect, test } from '@jest/globals';
import { playInRealTime } from './real-time.ts';

const frames = ['a', 'b', 'c'].map((text) => Buffer.from(text));

async function played(loop: number, signal = new AbortController().signal, onFrame = (): void => undefined) {
  const heard: { readonly text: string; readonly atMs: number }[] = [];
  await playInRealTime(frames, loop, (frame) => {
    heard.push({ text: frame.toString(), atMs: performance.now() });
    onFrame();
  }, signal);
  return heard;
}

describe('playing in real time', () => {
  test('plays every frame in order, as often as asked, none before it is due', async () => {
    const heard = await played(2);
    expect(heard.map(({ text }) => text).join('')).toBe('abcabc');
    heard.forEach(({ atMs }, index) => expect(atMs - heard[0]!.atMs).toBeGreaterThan(index * 20 - 5));
  });

  test('lasts until the last frame has been heard', async () => {
    const startMs = performance.now();
    await played(1);
    expect(performance.now() - startMs).toBeGreaterThan(55);
  });

  test('falls silent at once', async () => {
    const abort = new AbortController();
    let count = 0;
    const heard = await played(0, abort.signal, () => {
      count += 1;
      if (count === 5) abort.abort();
    });
    expect(heard).toHaveLength(5);
  });

  test('nothing takes no time', async () => {
    await playInRealTime([], 0, () => undefined, new AbortController().signal);
  });
});
