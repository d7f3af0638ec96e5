import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { bytesFromPcm, durationMs, frames, silence, synthesize } from '@parley/speech';
import type { VoiceMeasurement } from '../domain/measurement.ts';
import { recordedSpeech } from '../test-support/recorded-speech.ts';
import { echoOf, levelled, loudness, mixed, NO_SPEECH, noise, pinkNoise, sound, type Room } from '../test-support/sounds.ts';
import { createVoiceEngine } from './voice-engine.ts';

const engine = createVoiceEngine();
afterAll(() => engine.close());

interface Cut {
  readonly pieceMs?: number;
  readonly sent?: Int16Array | undefined;
  /** Each piece on a stream of its own. */
  readonly afresh?: boolean;
}

/** What is measured of a sound that is sent in pieces. */
async function listen(pcm: Int16Array, { pieceMs = 500, sent, afresh = false }: Cut = {}): Promise<VoiceMeasurement[]> {
  let stream = engine.open();
  const sentPieces = sent && frames(sent, pieceMs);
  const measured: VoiceMeasurement[] = [];
  for (const [nth, piece] of frames(pcm, pieceMs).entries()) {
    if (afresh) stream = engine.open();
    const sentPiece = sentPieces?.[nth];
    measured.push(await stream.measure({ pcm: bytesFromPcm(piece), sentPcm: sentPiece && bytesFromPcm(sentPiece) }, nth * pieceMs));
  }
  return measured;
}

const speechShare = (measured: readonly VoiceMeasurement[]): number => measured.filter(({ speechMs }) => speechMs > 0).length / measured.length;
/** Of the pieces with speech, those that are the payer's own by the rule of the domain. */
function echoShare(measured: readonly VoiceMeasurement[]): number {
  const speech = measured.filter(({ speechMs }) => speechMs > 0);
  return speech.filter(({ echo }) => echo > 0.5).length / speech.length;
}

let speech: Int16Array;
let other: Int16Array;
beforeAll(async () => {
  // Without the silence that flite begins with; as long as one another.
  const said = await synthesize('Hello this is a test call how are you today I am doing fine thank you very much. I wonder whether you can hear me well, since it has rained all day', { voice: 'slt' });
  const answered = await synthesize('The quick brown fox jumps over the lazy dog while seven wizards are boxing and the old captain tells of the sea, the storm, and a long winter in the north', { voice: 'rms' });
  const length = Math.min(said.length, answered.length) - 4800;
  speech = said.subarray(4800, 4800 + length);
  other = answered.subarray(4800, 4800 + length);
});

describe('the voice engine', () => {
  test.each([100, 200, 320, 500, 1000, 2000])('hears speech in pieces of %i ms', async (pieceMs) => {
    expect(speechShare((await listen(speech, { pieceMs })).slice(0, -1))).toBeGreaterThanOrEqual(0.9);
  });

  test('hears in short pieces what it would miss in each by itself', async () => {
    const carried = speechShare(await listen(speech, { pieceMs: 100 }));
    const afresh = speechShare(await listen(speech, { pieceMs: 100, afresh: true }));
    expect(afresh).toBeLessThan(carried - 0.1);
  });

  test('hears the same, however the sound is cut', async () => {
    const total = (measured: readonly VoiceMeasurement[]): number => measured.reduce((sum, { speechMs }) => sum + speechMs, 0);
    const [whole, halves, tenths, fiftieths] = await Promise.all([2000, 500, 100, 20].map(async (pieceMs) => total(await listen(speech, { pieceMs }))));
    for (const cut of [halves, tenths, fiftieths]) expect(Math.abs(cut! / whole! - 1)).toBeLessThan(0.1);
  });

  test('hears a person who speaks on an old tape, and not in the pauses', async () => {
    const pcm = await recordedSpeech();
    const pieces = frames(pcm, 250).map(loudness);
    const measured = await listen(pcm, { pieceMs: 250 });
    // Where it is loud before as well: speech is sure after a quarter of a second.
    const spoken = measured.filter((_, nth) => pieces[nth]! > 2000 && pieces[nth - 1]! > 2000);
    const paused = measured.filter((_, nth) => pieces[nth]! < 400);
    expect([spoken.length, paused.length].map((count) => count > 8)).toEqual([true, true]);
    expect(speechShare(spoken)).toBeGreaterThanOrEqual(0.95);
    expect(speechShare(paused)).toBe(0);
  });

  test('hears the same person with noise as loud as a tenth of the speech', async () => {
    const pcm = await recordedSpeech();
    const noisy = mixed(pcm, levelled(pinkNoise(Math.ceil(durationMs(pcm) / 1000), 8000), pcm, Math.sqrt(0.1)));
    const pieces = frames(pcm, 250).map(loudness);
    const spoken = (await listen(noisy, { pieceMs: 250 })).filter((_, nth) => pieces[nth]! > 2000 && pieces[nth - 1]! > 2000);
    expect(speechShare(spoken)).toBeGreaterThanOrEqual(0.9);
  });

  test.each(NO_SPEECH)('hears nobody in %s, in pieces of any length', async (_what, pcm) => {
    for (const pieceMs of [20, 100, 500, 2000]) {
      expect((await listen(pcm, { pieceMs })).filter(({ speechMs }) => speechMs > 0)).toEqual([]);
    }
  });

  test.each([100, 150, 200])('hears nobody in a scrap of speech of %i ms', async (scrapMs) => {
    for (const from of [8000, 12_000, 30_000]) {
      const pcm = silence(4000);
      pcm.set(speech.subarray(from, from + scrapMs * 16), 32_000);
      expect((await listen(pcm, { pieceMs: 100 })).filter(({ speechMs }) => speechMs > 0)).toEqual([]);
    }
  });

  test.each([500, 1000, 1500])('hears nobody in the piece after speech that ends with one, after %i ms', async (endMs) => {
    const pcm = silence(endMs + 1000);
    pcm.set(speech.subarray(0, endMs * 16));
    expect((await listen(pcm)).map(({ speechMs }) => speechMs > 0)).toEqual([...Array.from({ length: endMs / 500 }, () => true), false, false]);
  });

  test('starts anew after a gap, and on another stream', async () => {
    const pcm = bytesFromPcm(speech.subarray(8000, 16_000));
    const quiet = bytesFromPcm(silence(500));
    const first = await engine.open().measure({ pcm, sentPcm: undefined }, 0);
    const stream = engine.open();
    await stream.measure({ pcm: quiet, sentPcm: undefined }, 0);
    expect(await stream.measure({ pcm, sentPcm: undefined }, 601)).toEqual(first);
    const contiguous = engine.open();
    await contiguous.measure({ pcm: quiet, sentPcm: undefined }, 0);
    expect(await contiguous.measure({ pcm, sentPcm: undefined }, 600)).not.toEqual(first);
    expect(first).toMatchObject({ channel: 'voice', echo: 0 });
    expect(first.confidence).toBeGreaterThan(0.5);
  });

  test('streams do not hear each other', async () => {
    const [together, alone] = [await Promise.all([listen(speech), listen(other)]), [await listen(speech), await listen(other)]];
    expect(together).toEqual(alone);
  });

  test.each([
    ['no bytes', 0, undefined],
    ['one byte', 1, undefined],
    ['an odd number', 641, undefined],
    ['too many', 64_002, undefined],
    ['less sent than heard', 640, 638],
    ['more sent than heard', 640, 64_000],
  ])('%s are refused', (_what, length, sentLength) => {
    const content = { pcm: new Uint8Array(length), sentPcm: sentLength === undefined ? undefined : new Uint8Array(sentLength) };
    expect(() => engine.open().check(content)).toThrow(expect.objectContaining({ code: 'observation.invalid_pcm' }));
  });

  test.each([2, 640, 64_000])('%i bytes are taken', (length) => {
    expect(() => engine.open().check({ pcm: new Uint8Array(length), sentPcm: undefined })).not.toThrow();
    expect(() => engine.open().check({ pcm: new Uint8Array(length), sentPcm: new Uint8Array(length) })).not.toThrow();
  });
});

/** Without what is heard while it learns the room. */
const afterLearning = (measured: readonly VoiceMeasurement[], pieceMs: number): VoiceMeasurement[] => measured.slice(1500 / pieceMs, -1);

describe('the echo of what was sent', () => {
  const rooms: [string, Room][] = [
    ['at once, from nearby', { delayMs: 2, gain: 0.5, reverberationMs: 20 }],
    ['after 80 ms, in an office', { delayMs: 80, gain: 0.3, reverberationMs: 250 }],
    ['after 230 ms, faint', { delayMs: 230, gain: 0.05, reverberationMs: 250 }],
    ['after 400 ms, in a hall', { delayMs: 400, gain: 0.3, reverberationMs: 500 }],
    ['after 490 ms', { delayMs: 490, gain: 0.3, reverberationMs: 250 }],
  ];

  test.each(rooms)('is no voice: %s', async (_what, room) => {
    const echo = echoOf(speech, room);
    for (const pieceMs of [100, 500]) {
      const measured = afterLearning(await listen(echo, { sent: speech, pieceMs }), pieceMs);
      expect(speechShare(measured)).toBeGreaterThan(0.8);
      expect(echoShare(measured)).toBeGreaterThanOrEqual(0.9);
    }
  });

  test('is no voice with noise, and from a loudspeaker that distorts', async () => {
    const room = { delayMs: 150, gain: 0.3, reverberationMs: 300 };
    const white = noise(9);
    const noisy = mixed(echoOf(speech, room), sound(durationMs(speech) / 1000, () => 100 * white()));
    const distorted = echoOf(speech.map((sample) => 8000 * Math.tanh(sample / 8000)), room);
    for (const heard of [noisy, distorted]) expect(echoShare(afterLearning(await listen(heard, { sent: speech }), 500))).toBeGreaterThanOrEqual(0.9);
  });

  test.each(rooms)('leaves a voice that speaks over it as loudly: %s', async (_what, room) => {
    const echo = echoOf(speech, room);
    for (const pieceMs of [100, 500]) {
      expect(echoShare(await listen(mixed(echo, levelled(other, echo)), { sent: speech, pieceMs }))).toBeLessThan(0.15);
    }
  });

  test('leaves a voice that answers it', async () => {
    const echo = echoOf(speech, { delayMs: 150, gain: 0.3, reverberationMs: 300 });
    const answer = levelled(other, echo).subarray(0, 64_000);
    const turns = new Int16Array(echo.length + answer.length);
    turns.set(echo);
    turns.set(answer, echo.length);
    const sent = new Int16Array(turns.length);
    sent.set(speech);
    const measured = await listen(turns, { sent });
    const answered = Math.ceil((durationMs(echo) + 500) / 500);
    expect(echoShare(measured.slice(3, Math.floor(durationMs(echo) / 500)))).toBeGreaterThanOrEqual(0.9);
    expect(echoShare(measured.slice(answered))).toBe(0);
    expect(speechShare(measured.slice(answered, -1))).toBeGreaterThan(0.8);
  });

  test('is not found where something else was sent, nothing, or nothing is known of it', async () => {
    const white = noise(4);
    const hiss = sound(durationMs(speech) / 1000, () => 3000 * white());
    for (const sent of [other, hiss, silence(durationMs(speech)), undefined]) {
      const measured = await listen(speech, { sent });
      expect(measured.map(({ speechMs, confidence }) => [speechMs, confidence])).toEqual((await listen(speech)).map(({ speechMs, confidence }) => [speechMs, confidence]));
      expect(echoShare(measured)).toBe(0);
    }
  });
});
