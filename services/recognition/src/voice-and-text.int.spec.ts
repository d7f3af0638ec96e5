import { beforeAll, describe, expect, test } from '@jest/globals';
import type { ObserveRequest } from '@parley/contracts';
import { bytesFromPcm, frames, synthesize } from '@parley/speech';
import { eventually, testBus, testDatabase, testKeys } from '@parley/testing';
import { ObservedCall } from './test-support/observed-call.ts';
import { at, audio, DeviceStream, finished, material, pcm, text, typing, watch, type Material } from './test-support/observing-device.ts';
import { intervalTexts, reactionEvents } from './test-support/reaction-reader.ts';
import { replayed } from './test-support/replayed.ts';
import { echoOf, levelled, mixed } from './test-support/sounds.ts';
import { startedRecognition } from './test-support/started-recognition.ts';

const nats = testBus();
const database = testDatabase();
const keys = testKeys();
const service = startedRecognition({ nats, database, keys }, { env: { QUEUE_OBSERVATIONS: '256' } });

const PIECE_MS = 500;
let shown: Material;
let own: Int16Array;
let counterpart: Int16Array;
beforeAll(async () => {
  shown = await material();
  own = (await synthesize('Hello this is a test call how are you today I am doing fine thank you very much. I wonder whether you can hear me well')).subarray(4800, 4800 + 96_000);
  counterpart = (await synthesize('The quick brown fox jumps over the lazy dog while seven wizards are boxing and the old captain tells of the sea', { voice: 'rms' })).subarray(4800, 4800 + 96_000);
});

/** The intervals of a call whose observations these are, which replay gives, too. */
async function observed(requests: readonly ObserveRequest[], endMs: number): Promise<string[]> {
  const call = new ObservedCall(nats.bus, keys);
  await call.videoStarted('caller');
  const device = await DeviceStream.open(service.client(), await call.token());
  await device.send(...requests, at(endMs, finished));
  expect(await device.finish()).toBe('ok');
  expect(device.refusals).toEqual([]);
  await call.completed(endMs);
  const events = await eventually(async () => {
    const found = await reactionEvents(nats.bus, call);
    expect(found.at(-1)?.type).toBe('reaction.ended');
    return found;
  });
  expect(await replayed(nats.bus, call.callId)).toEqual([{ party: 'caller', events: events.length, differences: [] }]);
  return intervalTexts(events);
}

/** A call without a face, from the sound that is heard and, if known, what was sent. */
function heard(sound: Int16Array, sent?: Int16Array): ObserveRequest[] {
  const sentPieces = sent && frames(sent, PIECE_MS);
  return frames(sound, PIECE_MS).flatMap((piece, nth) => {
    const bytes = bytesFromPcm(piece);
    const sentPiece = sentPieces?.[nth];
    return [at(nth * PIECE_MS, shown.noFace), at(nth * PIECE_MS, sentPiece ? audio(bytes, bytesFromPcm(sentPiece)) : pcm(bytes))];
  });
}

describe('a voice', () => {
  const room = { delayMs: 180, gain: 0.3, reverberationMs: 250 };

  test('that is the payer\'s own, coming back, is none', async () => {
    expect(await observed(heard(echoOf(own, room), own), 6000)).toEqual(['0-2000 GRACE_LAPSED FACE', '2000-4000 GRACE_LAPSED VOICE', '4000-6000 GRACE_LAPSED TEXT']);
  });

  test('is one if nothing is known of what was sent, or the counterpart speaks, too', async () => {
    const echo = echoOf(own, room);
    const voice = ['0-2000 GRACE_RECOVERED FACE', '2000-6000 EVIDENCE VOICE'];
    expect(await observed(heard(echo), 6000)).toEqual(voice);
    expect(await observed(heard(mixed(echo, levelled(counterpart, echo)), own), 6000)).toEqual(voice);
    expect(await observed(heard(counterpart, own), 6000)).toEqual(voice);
  });
});

describe('what is typed', () => {
  const before = ['0-2000 GRACE_RECOVERED FACE', '2000-4000 GRACE_RECOVERED VOICE'];
  const quiet = (endMs: number, ...typed: readonly ObserveRequest[]): ObserveRequest[] =>
    [...watch(0, endMs, shown.noFace, shown.quiet), ...typed].sort((one, other) => Number(one.mediaTimeMs - other.mediaTimeMs));
  const every = (stepMs: number, fromMs: number, toMs: number, observation: Parameters<typeof at>[1]): ObserveRequest[] =>
    Array.from({ length: (toMs - fromMs) / stepMs }, (_, nth) => at(fromMs + nth * stepMs, observation));

  test('typing counts like a text, for half a minute without one', async () => {
    expect(await observed(quiet(44_000, ...every(2000, 2000, 44_000, typing)), 44_000)).toEqual([...before, '4000-33000 EVIDENCE TEXT', '33000-35000 GRACE_LAPSED TEXT', '35000-44000 ABSENT']);
  });

  test('a text that is repeated like clockwork counts twice', async () => {
    const repeated = every(2500, 2500, 20_000, text('still here'));
    expect(await observed(quiet(20_000, ...repeated), 20_000)).toEqual([...before, '4000-8000 EVIDENCE TEXT', '8000-10000 GRACE_LAPSED TEXT', '10000-20000 ABSENT']);
    const chat = ['ok', 'ok', 'haha', 'yes', 'ok', 'haha', 'ok'].map((one, nth) => at([2500, 5100, 7100, 9800, 12_000, 14_900, 17_300][nth]!, text(one)));
    expect(await observed(quiet(20_000, ...chat), 20_000)).toEqual([...before, '4000-20000 EVIDENCE TEXT']);
  });
});
