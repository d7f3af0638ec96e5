import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { bytesFromPcm, frames, silence, synthesize } from '@parley/speech';
import { createVoiceEngine } from './voice-engine.ts';

const engine = createVoiceEngine();
afterAll(() => engine.close());
const listen = (pcm: Int16Array) => engine.measure(bytesFromPcm(pcm), 0);

describe('the voice engine', () => {
  let speech: Int16Array;
  beforeAll(async () => {
    // Without the silence that flite begins with.
    speech = (await synthesize('Hello this is a test call how are you today I am doing fine thank you very much')).subarray(4800);
  });

  test.each([320, 500, 1000, 2000])('hears speech in pieces of %i ms, each by itself', async (pieceMs) => {
    const pieces = frames(speech, pieceMs).slice(0, -1);
    const heard = await Promise.all(pieces.map(listen));
    expect(heard.filter(({ speechMs }) => speechMs > 0).length / pieces.length).toBeGreaterThanOrEqual(0.9);
  });

  test('hears nobody in silence and in a tone, however short', async () => {
    const tone = Int16Array.from({ length: 32_000 }, (_, index) => 8000 * Math.sin((2 * Math.PI * 440 * index) / 16_000));
    for (const pcm of [silence(2000), silence(20), tone, tone.subarray(0, 3200), tone.subarray(0, 1)]) {
      expect(await listen(pcm)).toMatchObject({ speechMs: 0, confidence: 0 });
    }
  });

  test('gives the same for the same piece, whatever came before', async () => {
    const piece = speech.subarray(8000, 16_000);
    const first = await listen(piece);
    await listen(silence(500));
    expect(await listen(piece)).toEqual(first);
    expect(first.confidence).toBeGreaterThan(0.5);
  });

  test.each([0, 1, 641, 64_001, 64_002])('%i bytes are refused', (length) => {
    expect(() => engine.check(new Uint8Array(length))).toThrow(expect.objectContaining({ code: 'observation.invalid_pcm' }));
  });

  test.each([2, 640, 64_000])('%i bytes are taken', (length) => {
    expect(() => engine.check(new Uint8Array(length))).not.toThrow();
  });
});
