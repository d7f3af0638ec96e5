import { beforeAll, describe, expect, test } from '@jest/globals';
import { eventually, testBus, testDatabase, testKeys } from '@parley/testing';
import type { ObserveRequest } from '@parley/contracts';
import { ObservedCall } from './test-support/observed-call.ts';
import { at, DeviceStream, finished, material, scene, SCENE_INTERVALS, SCENE_MS, watch, type Material } from './test-support/observing-device.ts';
import { factTypes, intervalTexts, reactionEvents, reactionOf } from './test-support/reaction-reader.ts';
import { startedRecognition } from './test-support/started-recognition.ts';

const nats = testBus();
const database = testDatabase();
const keys = testKeys();
const service = startedRecognition({ nats, database, keys }, { replicas: 2, env: { QUEUE_OBSERVATIONS: '16' } });

let shown: Material;
beforeAll(async () => {
  shown = await material();
});

const newCall = (): ObservedCall => new ObservedCall(nats.bus, keys);
const later = (requests: readonly ObserveRequest[], acknowledgedThroughMs: number): ObserveRequest[] => requests.filter(({ mediaTimeMs }) => Number(mediaTimeMs) > acknowledgedThroughMs);

async function completedScene(call: ObservedCall): Promise<void> {
  await call.completed(SCENE_MS);
  const events = await eventually(async () => {
    const found = await reactionEvents(nats.bus, call);
    expect(factTypes(found).at(-1)).toBe('ended');
    return found;
  });
  expect(intervalTexts(events)).toEqual(SCENE_INTERVALS);
  expect(factTypes(events)).toEqual(['observing', 'present', 'channel_changed', 'channel_changed', 'absent', 'present', 'ended']);
  expect(reactionOf(events.at(-1)!).event).toMatchObject({ value: { analysed: 81n, skipped: 0n, refused: 0n } });
}

/** As a device does: sends what is not acknowledged, and comes back with it after the stream broke. */
async function playSteadily(device: DeviceStream, requests: readonly ObserveRequest[]): Promise<void> {
  for (const request of requests) {
    await device.send(request);
    // No faster than frames are analysed, so that none is skipped.
    await eventually(() => expect(device.acknowledgedThroughMs).toBeGreaterThanOrEqual(Math.min(Number(request.mediaTimeMs) - 1000, SCENE_MS)));
  }
}

describe('a device that comes back', () => {
  test('to another replica, again and again, sends what was not acknowledged: the outcome is the same', async () => {
    const call = newCall();
    await call.videoStarted('caller');
    const requests = [...scene(shown), at(SCENE_MS, finished)];
    let acknowledged = -1;
    for (let turn = 0; turn < 4; turn += 1) {
      const device = await DeviceStream.open(service.client(turn % 2), await call.token());
      await eventually(() => expect(device.acknowledgedThroughMs).toBeGreaterThanOrEqual(acknowledged));
      await playSteadily(device, later(requests, device.acknowledgedThroughMs).slice(0, 22));
      acknowledged = device.acknowledgedThroughMs;
      device.cancel();
      await device.ended;
    }
    const last = await DeviceStream.open(service.client(1), await call.token());
    await playSteadily(last, later(requests, -1));
    expect(await last.finish()).toBe('ok');
    await completedScene(call);
  });

  test('after the replica was stopped in the middle is told to come again, and loses nothing', async () => {
    const call = newCall();
    await call.videoStarted('caller');
    const requests = [...scene(shown), at(SCENE_MS, finished)];
    const device = await DeviceStream.open(service.client(0), await call.token());
    await playSteadily(device, requests.slice(0, 40));
    const [code] = await Promise.all([device.ended, service.restart(0)]);
    expect(code).toBe('shutting_down');
    const again = await DeviceStream.open(service.client(0), await call.token());
    await playSteadily(again, later(requests, device.acknowledgedThroughMs));
    expect(await again.finish()).toBe('ok');
    await completedScene(call);
  });
});

describe('two streams of one side', () => {
  test.each([[0], [1]])('the newer one fences the older, seen from replica %i', async (replica) => {
    const call = newCall();
    const older = await DeviceStream.open(service.client(0), await call.token());
    await older.send(at(0, shown.face), at(500, shown.face));
    await eventually(() => expect(older.acknowledgedThroughMs).toBe(499));
    const newer = await DeviceStream.open(service.client(replica), await call.token());
    await eventually(() => expect(newer.acknowledgedThroughMs).toBe(499));
    // One of another replica finds out when it writes.
    if (replica === 1) await older.send(at(600, shown.noFace));
    expect(await older.ended).toBe('observation.replaced');
    await newer.send(at(500, shown.face), at(1000, shown.face), at(1500, finished));
    expect(await newer.finish()).toBe('ok');
    expect(newer.answers.at(-1)).toMatchObject({ analysed: 3n, acknowledgedThroughMs: 1500n });
  });
});

describe('frames that come faster than they can be analysed', () => {
  test('older ones are skipped, acknowledged as skipped and counted; memory and delay stay bounded', async () => {
    const call = newCall();
    await call.videoStarted('caller');
    const device = await DeviceStream.open(service.client(), await call.token());
    const frames = Array.from({ length: 300 }, (_, index) => at(index * 10, shown.noFace));
    await device.send(...frames, at(3000, finished));
    expect(await device.finish()).toBe('ok');
    const { analysed, skipped, refused, acknowledgedThroughMs } = device.answers.at(-1)!;
    expect(analysed + skipped).toBe(300n);
    expect(skipped).toBeGreaterThan(0n);
    expect(analysed).toBeGreaterThanOrEqual(17n);
    expect({ refused, acknowledgedThroughMs }).toEqual({ refused: 0n, acknowledgedThroughMs: 3000n });
    await call.completed(3000);
    await eventually(async () => expect(reactionOf((await reactionEvents(nats.bus, call)).at(-1)!).event).toMatchObject({ $case: 'ended', value: { analysed, skipped } }));
  });

  test('many streams at once get their turn each', async () => {
    const calls = Array.from({ length: 8 }, newCall);
    await Promise.all(
      calls.map(async (call, index) => {
        const device = await DeviceStream.open(service.client(index % 2), await call.token());
        await device.send(...watch(0, 2500, shown.face, shown.speech), at(2500, finished));
        expect(await device.finish()).toBe('ok');
        expect(device.answers.at(-1)).toMatchObject({ analysed: 10n, skipped: 0n, refused: 0n });
      }),
    );
  });
});
