import { beforeAll, describe, expect, test } from '@jest/globals';
import { RecognitionServiceClient, type ObserveRequest } from '@parley/contracts';
import { createClient } from '@parley/grpc';
import fc from 'fast-check';
import { eventually, testBus, testDatabase, testKeys } from '@parley/testing';
import { ObservedCall } from './test-support/observed-call.ts';
import { at, audio, DeviceStream, finished, jpeg, material, pcm, text, typing, watch, type Material, type Observation } from './test-support/observing-device.ts';
import { intervalTexts, reactionEvents, reactionOf } from './test-support/reaction-reader.ts';
import { croppedPicture, encode, NO_FACE } from './test-support/sample-pictures.ts';
import { startedRecognition } from './test-support/started-recognition.ts';

const nats = testBus();
const database = testDatabase();
const keys = testKeys();
const service = startedRecognition({ nats, database, keys });
const small = startedRecognition({ nats, database, keys }, { env: { MAX_STREAMS: '4', MAX_STREAMS_PER_ACCOUNT: '3' } });

let shown: Material;
let picture: Buffer;
beforeAll(async () => {
  shown = await material();
  picture = await croppedPicture(NO_FACE, 160);
});

const newCall = (): ObservedCall => new ObservedCall(nats.bus, keys);

describe('an observation that cannot be used is refused, and the stream goes on', () => {
  const oversized = (): Buffer => {
    const file = Buffer.from(picture);
    file.writeUInt16BE(8000, file.indexOf(Buffer.from([0xff, 0xc0])) + 7);
    return file;
  };
  const cases: [string, () => Observation | undefined, string][] = [
    ['text as a picture', () => jpeg(Buffer.from('not a picture')), 'observation.not_an_image'],
    ['an empty picture', () => jpeg(Buffer.alloc(0)), 'observation.not_an_image'],
    ['a picture that is cut off', () => jpeg(picture.subarray(0, picture.length - 100)), 'observation.not_an_image'],
    ['a picture of too many bytes', () => jpeg(Buffer.concat([picture, Buffer.alloc(2 * 1024 * 1024)])), 'observation.image_too_large'],
    ['a picture of too many pixels', () => jpeg(oversized()), 'observation.image_too_large'],
    ['PCM of odd length', () => pcm(new Uint8Array(641)), 'observation.invalid_pcm'],
    ['empty PCM', () => pcm(new Uint8Array(0)), 'observation.invalid_pcm'],
    ['PCM of more than 2 s', () => pcm(new Uint8Array(64_002)), 'observation.invalid_pcm'],
    ['audio that is empty, with what was sent', () => audio(new Uint8Array(0), new Uint8Array(640)), 'observation.invalid_pcm'],
    ['audio and less that was sent', () => audio(new Uint8Array(640), new Uint8Array(638)), 'observation.invalid_pcm'],
    ['audio and an odd number of bytes that was sent', () => audio(new Uint8Array(640), new Uint8Array(641)), 'observation.invalid_pcm'],
    ['audio and a megabyte that was sent', () => audio(new Uint8Array(640), new Uint8Array(1_000_000)), 'observation.invalid_pcm'],
    ['a text of a megabyte', () => text('a'.repeat(1_000_000)), 'observation.text_too_large'],
    ['typing: false', () => ({ $case: 'typing', value: false }), 'observation.empty'],
    ['too long a text', () => text('a'.repeat(4097)), 'observation.text_too_large'],
    ['no observation', () => undefined, 'observation.empty'],
    ['finished: false', () => ({ $case: 'finished', value: false }), 'observation.empty'],
  ];

  test.each(cases)('%s', async (_what, observation, code) => {
    const call = newCall();
    const device = await DeviceStream.open(service.client(), await call.token());
    await device.send(at(0, shown.face), at(500, observation()), at(1000, shown.face), at(1100, finished));
    expect(await device.finish()).toBe('ok');
    expect(device.refusals).toEqual([`500 ${code}`]);
    expect(device.answers.at(-1)).toMatchObject({ acknowledgedThroughMs: 1100n, analysed: 2n, refused: code === 'observation.empty' ? 0n : 1n });
  });

  test('media time that is negative, beyond measure or going back', async () => {
    const call = newCall();
    const device = await DeviceStream.open(service.client(), await call.token());
    await device.send(at(-1, shown.face), at(-(2n ** 63n), shown.face), at(2n ** 63n - 1n, shown.face), at(800, shown.quiet), at(700, shown.face), at(900, text('hi')));
    await device.send(at(1000, finished), at(1100, shown.face));
    expect(await device.finish()).toBe('ok');
    expect(device.refusals.map((one) => one.split(' ')[1])).toEqual([...Array.from({ length: 4 }, () => 'observation.media_time'), 'observation.finished']);
    expect(device.answers.at(-1)).toMatchObject({ analysed: 2n, acknowledgedThroughMs: 1000n });
  });

  test('media time in the future counts as the time of receipt, and is acknowledged as it was given', async () => {
    const call = newCall();
    const device = await DeviceStream.open(service.client(), await call.token());
    await device.send(at(3_600_000, shown.face), at(3_600_500, shown.face), at(3_601_000, finished));
    expect(await device.finish()).toBe('ok');
    expect(device.acknowledgedThroughMs).toBe(3_601_000);
    const sentByMs = Date.now() - call.originMs;
    const progress = (await reactionEvents(nats.bus, call)).filter(({ type }) => type === 'reaction.progress');
    for (const event of progress) expect(Number(reactionOf(event).observedThroughMs)).toBeLessThanOrEqual(sentByMs);
    expect(progress.length).toBeGreaterThan(0);
  });
});

describe('what nobody sends', () => {
  const bytes = fc.uint8Array({ maxLength: 3000, size: 'max' });
  const anything: fc.Arbitrary<Observation> = fc.oneof(
    bytes.map((value) => jpeg(Buffer.from(value))),
    // It looks like a picture until it is decoded.
    fc.tuple(fc.nat(), bytes).map(([from, value]) => jpeg(Buffer.concat([picture.subarray(0, from % picture.length), value]))),
    bytes.map(pcm),
    fc.tuple(bytes, bytes).map(([heard, sent]) => audio(heard, sent)),
    bytes.map((value) => audio(value, value)),
    fc.string({ unit: 'binary', maxLength: 6000, size: 'max' }).map(text),
    fc.boolean().map((value): Observation => ({ $case: 'typing', value })),
  );
  const neighbour = async (): Promise<DeviceStream> => {
    const device = await DeviceStream.open(service.client(), await newCall().token());
    await device.send(...watch(0, 5000, shown.face, shown.speech), at(5000, finished));
    return device;
  };
  const expectUnaffected = async (device: DeviceStream): Promise<void> => {
    expect(await device.finish()).toBe('ok');
    expect(device.refusals).toEqual([]);
    expect(device.answers.at(-1)).toMatchObject({ analysed: 20n, skipped: 0n, refused: 0n, acknowledgedThroughMs: 5000n });
  };

  test('random bytes in any field are refused or looked at; the stream goes on, and so do others', async () => {
    const observations = fc.sample(anything, { numRuns: 400, seed: 7 });
    const next = neighbour();
    const device = await DeviceStream.open(service.client(), await newCall().token());
    for (const [nth, observation] of observations.entries()) {
      await device.send(at(100 + nth, observation));
      // No more than may wait, so that none is skipped.
      if (nth % 30 === 29) await eventually(() => expect(device.acknowledgedThroughMs).toBeGreaterThan(70 + nth));
    }
    await device.send(at(1000, shown.face), at(1500, shown.speech), at(2000, finished));
    expect(await device.finish()).toBe('ok');
    const { analysed, skipped, refused } = device.answers.at(-1)!;
    const empty = device.refusals.filter((one) => one.endsWith('observation.empty')).length;
    expect({ skipped, all: Number(analysed + refused) + empty }).toEqual({ skipped: 0n, all: observations.length + 2 });
    const codes = new Set(device.refusals.map((one) => one.split(' ')[1]));
    expect(codes).toEqual(new Set(['not_an_image', 'invalid_pcm', 'text_too_large', 'empty'].map((code) => `observation.${code}`)));
    await expectUnaffected(await next);
  });

  test('a flood of typing signals counts as much typing as it lasts, and disturbs nobody', async () => {
    const next = neighbour();
    const call = newCall();
    await call.videoStarted('caller');
    const device = await DeviceStream.open(service.client(), await call.token());
    for (let nth = 0; nth < 5000; nth += 1) await device.send(at(nth * 8, typing));
    await device.send(at(41_000, finished));
    expect(await device.finish()).toBe('ok');
    expect(device.answers.at(-1)).toMatchObject({ analysed: 5000n, refused: 0n });
    await expectUnaffected(await next);
    await call.completed(41_000);
    // Half a minute of typing, and then for as long as a text holds.
    const expected = ['0-2000 GRACE_RECOVERED FACE', '2000-4000 GRACE_RECOVERED VOICE', '4000-32992 EVIDENCE TEXT', '32992-34992 GRACE_LAPSED TEXT', '34992-41000 ABSENT'];
    const events = await eventually(async () => {
      const found = await reactionEvents(nats.bus, call);
      expect(found.at(-1)?.type).toBe('reaction.ended');
      return found;
    });
    expect(intervalTexts(events)).toEqual(expected);
  });
});

/** The codes of those that have ended. */
async function endedOf(devices: readonly DeviceStream[]): Promise<string[]> {
  const codes = await Promise.all(devices.map(({ ended }) => Promise.race([ended, Promise.resolve('open')])));
  return codes.filter((code) => code !== 'open');
}

describe('more streams than a replica can analyse', () => {
  test('of one account are refused, those of others taken until it is full, and who is in goes on', async () => {
    const open = async (accountId: string) => DeviceStream.open(small.client(), await newCall().token('caller', {}, accountId));
    const first = await open('greedy');
    const flood = await Promise.all(Array.from({ length: 30 }, () => open('greedy')));
    await eventually(async () => expect(await endedOf(flood)).toHaveLength(28));
    expect(new Set(await endedOf(flood))).toEqual(new Set(['observation.account_streams']));
    const other = await open('modest');
    await other.send(at(0, shown.face), at(500, finished));
    expect(await (await open('late')).ended).toBe('observation.no_capacity');
    expect(await other.finish()).toBe('ok');
    await first.send(at(0, shown.face), at(500, finished));
    expect(await first.finish()).toBe('ok');
  });
});

describe('a stream that cannot be', () => {
  const openWith = async (token: string): Promise<string> => {
    const device = await DeviceStream.open(service.client(), token);
    return device.ended;
  };

  test('without a token, with a wrong, an expired or another scope\'s', async () => {
    const call = newCall();
    const token = await call.token();
    const sample = { accountId: 'acme', subject: 'client:alice', callId: call.callId } as const;
    expect(await openWith('nonsense')).toBe('auth.malformed');
    expect(await openWith(`${token.slice(0, -8)}AAAAAAAA`)).toBe('auth.malformed');
    expect(await openWith(await keys.token({ ...sample, scope: 'observe', ttlSeconds: -60 }))).toBe('auth.expired');
    expect(await openWith(await keys.token({ ...sample, scope: 'device' }))).toBe('auth.wrong_scope');
    const client = createClient(RecognitionServiceClient, { address: `127.0.0.1:${service.grpcPort()}` });
    const bare = await client.observe();
    await expect((async () => { for await (const _ of bare); })()).rejects.toMatchObject({ code: 'auth.missing' });
    client.close();
  });

  test.each([
    ['party', { party: 'both' }],
    ['leg', { leg: 7 }],
    ['media origin', { mediaOriginMs: '0' }],
    ['attributes', { attributes: { from: 'a', to: 'b', direction: 'sideways' } }],
    ['policy', { policy: undefined }],
    ['terms', { policy: { id: 'p', version: 1, terms: { faceAbsentMs: -1 } } }],
    ['minimum area', { policy: { id: 'p', version: 1, terms: { faceAbsentMs: 1, voiceAbsentMs: 1, textAbsentMs: 1, textHoldMs: 1, maxGapMs: 1, minFaceAreaRatio: 2 } } }],
  ])('with a token whose %s is missing or wrong', async (_what, claims) => {
    expect(await openWith(await newCall().token('caller', claims))).toBe('auth.malformed');
  });

  test('of another account\'s call', async () => {
    const call = newCall();
    const device = await DeviceStream.open(service.client(), await call.token());
    await eventually(() => expect(device.answers).toHaveLength(1));
    const { signer } = keys;
    const stolen = await signer.sign({
      accountId: 'mallory', subject: 'client:mallory', scopes: ['observe'], callId: call.callId, ttlSeconds: 60,
      claims: { party: 'caller', leg: call.callId, mediaOriginMs: call.originMs, attributes: call.call, policy: { id: 'p', version: 1, terms: { faceAbsentMs: 1, voiceAbsentMs: 1, textAbsentMs: 1, textHoldMs: 1, maxGapMs: 1, minFaceAreaRatio: 0 } } },
    });
    expect(await openWith(stolen)).toBe('auth.wrong_call');
    await device.send(at(0, shown.face), at(100, finished));
    expect(await device.finish()).toBe('ok');
  });

  test('with a message that is not protobuf, or too large: what came before is kept', async () => {
    const malformed = (bytes: Buffer): Observation => ({ $case: 'text', value: { toString: () => '', bytes } as unknown as string });
    for (const [bytes, code] of [[Buffer.from([0xff, 0xff, 0xff]), 'request.malformed'], [Buffer.alloc(4.5 * 1024 * 1024), 'request.too_large']] as const) {
      const call = newCall();
      const client = createClient({ service: { observe: { ...RecognitionServiceClient.service.observe, requestSerialize: rawOr } } }, { address: `127.0.0.1:${service.grpcPort()}` });
      const stream = await client.observe({ token: await call.token() });
      await stream.send(at(0, shown.face));
      await stream.send(at(500, shown.face));
      await stream.send(at(600, malformed(bytes)));
      await expect((async () => { for await (const _ of stream); })()).rejects.toMatchObject({ code });
      client.close();
      const again = await DeviceStream.open(service.client(), await call.token());
      await again.send(at(0, shown.face), at(500, shown.face), at(1000, finished));
      expect(await again.finish()).toBe('ok');
      expect(again.answers.at(-1)).toMatchObject({ analysed: 2n, acknowledgedThroughMs: 1000n });
    }
  });

  test('none of this left a mark on another call', async () => {
    const call = newCall();
    await call.videoStarted('caller');
    const device = await DeviceStream.open(service.client(), await call.token());
    await device.send(at(0, shown.face), at(500, shown.face), at(1000, finished));
    expect(await device.finish()).toBe('ok');
    await call.completed(1000);
    await eventually(async () => expect(intervalTexts(await reactionEvents(nats.bus, call))).toEqual(['0-1000 EVIDENCE FACE']));
  });
});

describe('pictures that ask for much', () => {
  test('the largest that is taken is looked at', async () => {
    const large = jpeg(encode(1920, 1920, (x, y) => ((x >> 5) * 31 + (y >> 5) * 17) % 256));
    const call = newCall();
    const device = await DeviceStream.open(service.client(), await call.token());
    await device.send(at(0, large), at(100, finished));
    expect(await device.finish()).toBe('ok');
    expect(device.answers.at(-1)).toMatchObject({ analysed: 1n, refused: 0n });
  });
});

function rawOr(request: ObserveRequest): Buffer {
  const value = request.observation?.value as unknown;
  if (typeof value === 'object' && value !== null && 'bytes' in value) return value.bytes as Buffer;
  return RecognitionServiceClient.service.observe.requestSerialize(request);
}
