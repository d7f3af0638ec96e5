import { beforeAll, describe, expect, test } from '@jest/globals';
import { Channel, Party } from '@parley/contracts';
import { eventually, testBus, testDatabase, testKeys } from '@parley/testing';
import { fromFindingsRecord } from './bus/findings-record.ts';
import { readCall } from './replay/read-call.ts';
import { ObservedCall } from './test-support/observed-call.ts';
import { at, DeviceStream, finished, material, scene, SCENE_INTERVALS, SCENE_MS, text, watch, type Material } from './test-support/observing-device.ts';
import { factTypes, intervalTexts, reactionEvents, reactionOf } from './test-support/reaction-reader.ts';
import { replayed } from './test-support/replayed.ts';
import { startedRecognition } from './test-support/started-recognition.ts';

const nats = testBus();
const database = testDatabase();
const keys = testKeys();
const service = startedRecognition({ nats, database, keys });

let shown: Material;
beforeAll(async () => {
  shown = await material();
});

const newCall = (): ObservedCall => new ObservedCall(nats.bus, keys);

describe('the scene', () => {
  test('is told as it was played, in one contiguous sequence in the trace of the call', async () => {
    const call = newCall();
    await call.videoStarted('caller');
    const device = await DeviceStream.open(service.client(), await call.token('caller', { traceparent: call.traceparent }));
    await device.send(...scene(shown), at(SCENE_MS, finished));
    expect(await device.finish()).toBe('ok');
    expect(device.answers[0]).toMatchObject({ acknowledgedThroughMs: -1n, stage: Channel.FACE });
    expect(device.answers.at(-1)).toMatchObject({ acknowledgedThroughMs: BigInt(SCENE_MS), analysed: 81n, skipped: 0n, refused: 0n });

    await call.completed(SCENE_MS + 100);
    const events = await eventually(async () => {
      const found = await reactionEvents(nats.bus, call);
      expect(factTypes(found)).toContain('ended');
      return found;
    });
    expect(intervalTexts(events)).toEqual(SCENE_INTERVALS);
    expect(await replayed(nats.bus, call.callId)).toEqual([{ party: 'caller', events: events.length, differences: [] }]);
    expect(factTypes(events)).toEqual(['observing', 'present', 'channel_changed', 'channel_changed', 'absent', 'present', 'ended']);
    expect(reactionOf(events[0]!).event).toEqual({ $case: 'observing', value: { policyId: 'standard', policyVersion: 3 } });
    expect(reactionOf(events.at(-1)!).event).toEqual({
      $case: 'ended',
      value: { finalMs: BigInt(SCENE_MS), reason: 'device_finished', analysed: 81n, skipped: 0n, refused: 0n },
    });
    expect(events.filter(({ type }) => type === 'reaction.progress').length).toBeGreaterThanOrEqual(38);
    for (const event of events) {
      expect(event).toMatchObject({ call: call.call, source: `/acme/calls/${call.callId}/reaction/caller`, traceparent: call.traceparent });
      expect(reactionOf(event)).toMatchObject({ party: 1, legId: call.callId });
    }
    expect(events.at(-1)!.causationId).toBe(`${call.callId}-call-1`);
  });

  test('both sides of one call are observed, each with a sequence of its own', async () => {
    const call = newCall();
    for (const party of ['caller', 'callee'] as const) {
      await call.videoStarted(party);
      const device = await DeviceStream.open(service.client(), await call.token(party));
      await device.send(...watch(0, 2000, party === 'caller' ? shown.face : shown.noFace, shown.quiet), at(2000, finished));
      expect(await device.finish()).toBe('ok');
    }
    await call.completed(2000);
    await eventually(async () => {
      expect(intervalTexts(await reactionEvents(nats.bus, call, 'caller'))).toEqual(['0-2000 EVIDENCE FACE']);
      expect(intervalTexts(await reactionEvents(nats.bus, call, 'callee'))).toEqual(['0-2000 GRACE_LAPSED FACE']);
    });
  });
});

describe('a counterpart who has not consented', () => {
  test('is not observed: the stream is refused, an event says so, and the end waits for nothing', async () => {
    const call = newCall();
    await call.videoStarted('caller', false);
    const device = await DeviceStream.open(service.client(), await call.token('caller', { consent: false }));
    expect(await device.ended).toBe('observation.not_consented');
    await call.completed(4000);
    const events = await eventually(async () => {
      const found = await reactionEvents(nats.bus, call);
      expect(factTypes(found)).toEqual(['withheld', 'ended']);
      return found;
    });
    expect(intervalTexts(events)).toEqual(['0-4000 UNOBSERVED']);
    expect(reactionOf(events[1]!).event).toMatchObject({ value: { reason: 'not_consented', finalMs: 4000n } });
    expect(await replayed(nats.bus, call.callId)).toMatchObject([{ differences: [] }]);
  });
});

describe('another counterpart in the same call', () => {
  test('who has not consented is not observed, neither by the stream that was open nor by a token of before', async () => {
    const call = newCall();
    await call.videoStarted('caller', true);
    const token = await call.token();
    const device = await DeviceStream.open(service.client(), token);
    await device.send(at(0, shown.face), at(500, shown.face), at(1000, shown.face));
    await eventually(() => expect(device.acknowledgedThroughMs).toBeGreaterThanOrEqual(999));
    await call.publish({ $case: 'videoStopped', value: { party: Party.CALLER, mediaTimeMs: 1200n } }, { atMs: 1200 });
    await call.videoStarted('caller', false, 2000);
    await eventually(async () => expect(factTypes(await reactionEvents(nats.bus, call))).toContain('withheld'));
    await device.send(at(2100, shown.face), at(2600, shown.face));
    expect(await device.ended).toBe('observation.not_consented');
    expect(await (await DeviceStream.open(service.client(), token)).ended).toBe('observation.not_consented');
    await call.completed(4000);
    const events = await eventually(async () => {
      const found = await reactionEvents(nats.bus, call);
      expect(factTypes(found).at(-1)).toBe('ended');
      return found;
    });
    expect(intervalTexts(events)).toEqual(['0-1200 EVIDENCE FACE', '1200-4000 UNOBSERVED']);
    const [side] = await readCall(nats.bus, call.callId);
    const kept = side!.records.flatMap(({ content }) => fromFindingsRecord(content)).flatMap((command) => (command.type === 'observe' ? command.outcomes.map(({ atMs }) => atMs) : []));
    expect(kept).toEqual([0, 500, 1000]);
    expect(await replayed(nats.bus, call.callId)).toMatchObject([{ differences: [] }]);
  });

  test('who has consented is observed at once, even if the token is sooner there than the event', async () => {
    const call = newCall();
    await call.videoStarted('caller', false);
    await eventually(async () => expect(factTypes(await reactionEvents(nats.bus, call))).toEqual(['withheld']));
    const device = await DeviceStream.open(service.client(), await call.token('caller', { videoStartedMs: call.originMs + 2000 }));
    await device.send(at(2000, shown.face), at(2500, shown.face));
    await eventually(() => expect(device.acknowledgedThroughMs).toBeGreaterThanOrEqual(2499));
    await call.videoStarted('caller', true, 2000);
    await device.send(at(3000, finished));
    expect(await device.finish()).toBe('ok');
    await call.completed(3000);
    await eventually(async () => expect(intervalTexts(await reactionEvents(nats.bus, call))).toEqual(['0-2000 UNOBSERVED', '2000-3000 EVIDENCE FACE']));
  });
});

describe('the end of a call', () => {
  test('nothing was ever observed: ended alone, with what nobody saw', async () => {
    const call = newCall();
    await call.videoStarted('callee');
    await call.completed(7000);
    const events = await eventually(async () => {
      const found = await reactionEvents(nats.bus, call, 'callee');
      expect(found).toHaveLength(1);
      return found;
    });
    expect(intervalTexts(events)).toEqual(['0-7000 UNOBSERVED']);
    expect(reactionOf(events[0]!).event).toMatchObject({ $case: 'ended', value: { finalMs: 7000n, reason: 'observations_overdue' } });
    expect(await reactionEvents(nats.bus, call, 'caller')).toEqual([]);
  });

  test('a device that went silent is not waited for without end; later it is told that it is too late', async () => {
    const call = newCall();
    await call.videoStarted('caller');
    const device = await DeviceStream.open(service.client(), await call.token());
    await device.send(...watch(0, 2000, shown.face, shown.quiet));
    await eventually(() => expect(device.acknowledgedThroughMs).toBe(1499));
    device.cancel();
    await call.completed(6000);
    await eventually(async () => expect(factTypes(await reactionEvents(nats.bus, call))).toContain('ended'));
    expect(intervalTexts(await reactionEvents(nats.bus, call))).toEqual(['0-3000 EVIDENCE FACE', '3000-6000 UNOBSERVED']);
    const late = await DeviceStream.open(service.client(), await call.token());
    await late.send(at(1500, shown.face), at(2500, shown.face), at(5900, finished));
    expect(await late.finish()).toBe('ok');
    expect(late.refusals).toEqual(['2500 observation.finished']);
    expect(late.acknowledgedThroughMs).toBe(5900);
    expect(factTypes(await reactionEvents(nats.bus, call)).filter((type) => type === 'ended')).toHaveLength(1);
  });

  test('observations that reach past the end complete it, and what follows is refused', async () => {
    const call = newCall();
    await call.videoStarted('caller');
    await call.completed(1800);
    const device = await DeviceStream.open(service.client(), await call.token());
    await device.send(...watch(0, 2500, shown.face, shown.quiet));
    await eventually(async () => expect(reactionOf((await reactionEvents(nats.bus, call)).at(-1)!).event).toMatchObject({ $case: 'ended', value: { finalMs: 1800n, reason: 'call_completed' } }));
    await device.send(at(3000, text('hello?')), at(3100, finished));
    expect(await device.finish()).toBe('ok');
    expect(device.refusals).toEqual(['3000 observation.finished']);
    expect(device.acknowledgedThroughMs).toBe(3100);
  });

  test('events of a call that come twice change nothing', async () => {
    const call = newCall();
    const started = { $case: 'videoStarted', value: { party: 1, mediaOriginTime: new Date(call.originMs) } } as const;
    const completed = { $case: 'completed', value: { status: 5, cause: 1, durationMs: 0n, final: true } } as const;
    await call.publish(started, { sequence: 0n });
    for (const sequence of [0n, 0n, 1n, 1n, 0n]) {
      await call.publish(sequence === 0n ? started : completed, { sequence, atMs: 900, repeated: true });
    }
    const events = await eventually(async () => {
      const found = await reactionEvents(nats.bus, call);
      expect(found).toHaveLength(1);
      return found;
    });
    expect(reactionOf(events[0]!).event).toMatchObject({ value: { finalMs: 900n } });
  });
});

describe('privacy', () => {
  test('nothing of what was seen, heard or typed is stored', async () => {
    const call = newCall();
    const device = await DeviceStream.open(service.client(), await call.token());
    await device.send(...watch(0, 1000, shown.face, shown.speech), at(1000, text('a secret word')), at(1100, finished));
    expect(await device.finish()).toBe('ok');
    for (const { name } of await database.db.listCollections().toArray()) {
      for (const document of await database.db.collection(name).find({}, { promoteBuffers: true }).toArray()) {
        const stored = JSON.stringify(document, (_key, value: unknown) => (typeof value === 'bigint' ? String(value) : value));
        expect(stored).not.toContain('secret');
        expect(stored.length).toBeLessThan(20_000);
      }
    }
  });
});

describe('what operators see', () => {
  test('metrics by channel and outcome, and no parked call', async () => {
    const metrics = await (await fetch(`http://127.0.0.1:${service.httpPort()}/metrics`)).text();
    expect(metrics).toMatch(/parley_recognition_observations(_total)?\{[^}]*measured[^}]*\} [1-9]/);
    expect(metrics).toContain('parley_recognition_duration_seconds');
    const { calls } = await (await service.parking()).listParkedCalls({ pageSize: 10, pageToken: '' });
    expect(calls).toEqual([]);
  });
});
