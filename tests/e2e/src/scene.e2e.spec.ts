import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { CallStatus, ChargeReason, EndCause, type Event, type Receipt } from '@parley/contracts';
import { callFaults, deliveredBySource, deliveryFaults, endings, stages, type LiveCall, type Scene } from '@parley/examples';
import { createVoiceDetector, pcmFromBytes, segments } from '@parley/speech';
import { startTestSystem, type TestSystem } from './test-system.ts';

describe('the scene', () => {
  let system: TestSystem;
  let scene: Scene;
  let call: LiveCall;
  let events: Event[];
  let receipt: Receipt;

  beforeAll(async () => {
    system = await startTestSystem();
    scene = await system.prepareScene();
    call = await scene.placeCall();
    await call.playVideo();
    await call.hangUp();
    await scene.delivered(call.callId);
    events = scene.deliveries.grpc.filter(({ subject }) => subject === call.callId);
    receipt = await scene.receipt(call.callId);
  }, 180_000);
  afterAll(async () => {
    await scene?.close();
    await system?.stop();
  }, 60_000);

  test('every transport brings every event, in order per source', () => {
    expect(deliveryFaults(scene.deliveries, call.callId)).toEqual([]);
    for (const sources of Object.values(deliveredBySource(scene.deliveries, call.callId))) {
      expect(sources.map(({ source }) => source)).toEqual([
        `/acme/calls/${call.callId}/billing`,
        `/acme/calls/${call.callId}/call`,
        `/acme/calls/${call.callId}/reaction/caller`,
      ]);
    }
  });

  test('one completed per leg, one settled, and a bill that follows from the events', () => {
    expect(callFaults(events, receipt)).toEqual([]);
    expect(receipt.settled).toBe(true);
    expect(receipt.total?.micros).toBeGreaterThan(0n);
  });

  test('the call goes step by step', () => {
    const steps = events.filter(({ data }) => data?.$case === 'call').map(({ type, data }) => {
      const { event } = data!.value as { event?: { value: { verb?: string } } };
      return event?.value.verb === undefined ? type : `${type} ${event.value.verb}`;
    });
    expect(steps).toEqual([
      'call.initiated',
      'call.ringing',
      'call.instructions_fetched',
      'call.answered',
      'call.verb_started Say',
      'call.verb_ended Say',
      'call.verb_started Dial',
      'call.initiated',
      'call.ringing',
      'call.answered',
      'call.bridged',
      'call.video_started',
      'call.video_stopped',
      'call.completed',
      'call.verb_ended Dial',
      'call.completed',
    ]);
  });

  test('both legs end by the hang-up', () => {
    expect(endings(events).get(call.callId)).toEqual({ status: CallStatus.COMPLETED, cause: EndCause.HANGUP });
    expect(endings(events).get(call.bobLegId)).toMatchObject({ status: CallStatus.COMPLETED });
  });

  test('the cascade takes the stages of the script', () => {
    expect(stages(events)).toEqual(['face', 'voice', 'text', 'absent', 'face']);
  });

  test('the receipt covers the call without a gap, from 0 to the end of the video', () => {
    expect(receipt.lines[0]?.fromMs).toBe(0n);
    receipt.lines.slice(1).forEach((line, index) => expect(line.fromMs).toBe(receipt.lines[index]!.toMs));
    expect(receipt.lines.at(-1)?.toMs).toBe(20_000n);
  });

  test('a photograph before the camera is not a reaction, and the receipt says so', () => {
    const refused = receipt.lines.filter(({ reason }) => reason === ChargeReason.NOT_LIVE);
    expect(refused).toHaveLength(1);
    expect(refused[0]).toMatchObject({ charged: false, amount: { micros: 0n } });
    const [fromMs, toMs] = [Number(refused[0]!.fromMs), Number(refused[0]!.toMs)];
    expect(fromMs).toBe(14_000);
    // The face that follows has to show first that it lives.
    expect(toMs).toBeGreaterThanOrEqual(16_500);
    expect(toMs).toBeLessThanOrEqual(18_500);
  });

  test('both devices hear a voice', async () => {
    const detector = createVoiceDetector();
    try {
      for (const device of [call.alice, call.bob]) {
        const heard = segments(await detector.openStream().push(pcmFromBytes(Buffer.concat(device.heard))));
        expect(heard.length).toBeGreaterThan(0);
      }
    } finally {
      await detector.close();
    }
  });

  test('the stock twilio middleware let every request of ours pass', () => {
    const paths = scene.appRequests.map(({ path }) => path);
    expect(paths).toContain('/voice');
    expect(scene.appRequests[0]?.parameters).toMatchObject({ CallSid: call.callId, From: 'client:alice', To: '+15550100', Direction: 'inbound' });
  });
});
