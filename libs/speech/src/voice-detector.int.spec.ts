import { afterAll, describe, expect, test } from '@jest/globals';
import { frames, silence } from './pcm.ts';
import { synthesize, VOICES } from './synthesize.ts';
import { createVoiceDetector } from './voice-detector.ts';
import { segments } from './voice-segments.ts';

const detector = createVoiceDetector();
afterAll(() => detector.close());

const SENTENCE = 'Hello, this is a test call. How are you today? I am fine, thank you very much.';
const hear = (pcm: Int16Array): Promise<number[]> => detector.openStream().push(pcm);
const sound = (seconds: number, level: (second: number) => number): Int16Array =>
  Int16Array.from({ length: seconds * 16_000 }, (_, index) => level(index / 16_000));

/** Reproducible noise in -1..1 (mulberry32). */
function noise(): () => number {
  let state = 42;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 31 - 1;
  };
}

const white = noise();
const brown = ((sum = 0) => () => (sum = 0.98 * sum + 2000 * white()))();
const scale = [261.6, 293.7, 329.6, 349.2, 392, 440];
const note = (second: number): number => scale[Math.floor(second * 4) % scale.length] ?? 0;

describe('the voice detector', () => {
  test.each(VOICES)('hears most of what %s says', async (voice) => {
    const pcm = await synthesize(SENTENCE, { voice });
    const probabilities = await hear(pcm);
    expect(probabilities).toHaveLength(Math.floor(pcm.length / 512));
    const heardMs = segments(probabilities).reduce((sum, { fromMs, toMs }) => sum + toMs - fromMs, 0);
    expect(heardMs / (pcm.length / 16)).toBeGreaterThan(0.7);
  });

  test.each([
    ['silence', silence(3000)],
    ['loud noise', sound(3, () => 10_000 * white())],
    ['faint noise', sound(3, () => 300 * white())],
    ['rumble', sound(3, () => 2 * brown())],
    ['a tone', sound(3, (second) => 8000 * Math.sin(2 * Math.PI * 440 * second))],
    ['a chord', sound(3, (second) => [261.6, 329.6, 392].reduce((sum, hz) => sum + 3000 * Math.sin(2 * Math.PI * hz * second), 0))],
    ['a melody', sound(3, (second) => 9000 * Math.exp(-3 * ((second * 4) % 1)) * Math.sin(2 * Math.PI * note(second) * second))],
    ['DTMF', sound(3, (second) => (second % 0.2 < 0.1 ? 6000 : 0) * (Math.sin(2 * Math.PI * 697 * second) + Math.sin(2 * Math.PI * 1209 * second)))],
  ])('hears nobody in %s', async (_what, pcm) => {
    expect(segments(await hear(pcm))).toEqual([]);
  });

  test('finds speech between two silences, to a tenth of a second', async () => {
    const speech = await synthesize('Good morning everybody');
    const pcm = new Int16Array(32_000 + speech.length + 32_000);
    pcm.set(speech, 32_000);
    const found = segments(await hear(pcm));
    // flite begins with about 0.2 s of silence.
    expect(found[0]?.fromMs).toBeGreaterThan(2000);
    expect(found[0]?.fromMs).toBeLessThan(2400);
    expect(found.at(-1)?.toMs).toBeLessThanOrEqual(2000 + speech.length / 16 + 100);
  });

  test('the cut of the sound does not matter: 20 ms frames give the same probabilities', async () => {
    const pcm = await synthesize('one two three four five');
    const whole = await hear(pcm);
    const stream = detector.openStream();
    const pieces: number[] = [];
    for (const frame of frames(pcm)) pieces.push(...(await stream.push(frame)));
    expect(pieces.slice(0, whole.length)).toEqual(whole);
  });

  test('streams do not influence each other, and pushes that are not awaited stay in order', async () => {
    const speech = await synthesize('one two three four five');
    const alone = await hear(speech);
    const [one, other] = [detector.openStream(), detector.openStream()];
    const mixed = await Promise.all(
      [speech.subarray(0, 5000), speech.subarray(5000, 9000), speech.subarray(9000)].flatMap((part) => [one.push(part), other.push(silence(200))]),
    );
    expect(mixed.filter((_, index) => index % 2 === 0).flat()).toEqual(alone);
  });

  test('a detector that is closed does not close the others', async () => {
    const second = createVoiceDetector();
    const stream = second.openStream();
    expect(await stream.push(silence(64))).toHaveLength(2);
    await second.close();
    await second.close();
    await expect(stream.push(silence(64))).rejects.toThrow('closed');
    expect(() => second.openStream()).toThrow('closed');
    expect(await hear(silence(64))).toHaveLength(2);
  });

  test('too many at once are refused, and the stream goes on', async () => {
    const streams = Array.from({ length: 300 }, () => detector.openStream());
    const settled = await Promise.allSettled(streams.map((stream) => stream.push(silence(32))));
    const refused = settled.flatMap((one) => (one.status === 'rejected' ? [one.reason as unknown] : []));
    expect(refused).toHaveLength(44);
    for (const reason of refused) expect(reason).toMatchObject({ code: 'speech.detector_busy' });
    expect(await streams.at(-1)?.push(silence(32))).toHaveLength(1);
  });
});
