import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { setTimeout as sleep } from 'node:timers/promises';
import { EndCause, type Event, type Receipt } from '@parley/contracts';
import { callFaults, deliveryFaults, endings, type LiveCall, type Scene } from '@parley/examples';
import { replicaName, type ServiceName } from '@parley/local';
import { startTestSystem, type TestSystem } from './test-system.ts';

interface Played {
  readonly call: LiveCall;
  readonly events: Event[];
  readonly receipt: Receipt;
  readonly faults: string[];
}

// Into the stretch of the script in which the counterpart only speaks: findings, intervals and charges are under way.
const killAfterMs = 5_500;

describe('a service that is killed while a call is under way', () => {
  let system: TestSystem;
  let undisturbed: Played;

  beforeAll(async () => {
    system = await startTestSystem();
    undisturbed = await play(async (call) => {
      await call.playVideo();
      await call.hangUp();
    });
  }, 180_000);
  afterAll(() => system?.stop(), 60_000);

  async function play(perform: (call: LiveCall) => Promise<void>): Promise<Played> {
    const scene = await system.prepareScene();
    try {
      const call = await scene.placeCall();
      await perform(call);
      await scene.delivered(call.callId, 60_000);
      return await collect(scene, call);
    } finally {
      await scene.close();
    }
  }

  async function collect(scene: Scene, call: LiveCall): Promise<Played> {
    const events = scene.deliveries.grpc.filter(({ subject }) => subject === call.callId);
    const receipt = await scene.receipt(call.callId);
    return { call, events, receipt, faults: [...deliveryFaults(scene.deliveries, call.callId), ...callFaults(events, receipt)] };
  }

  async function kill(service: ServiceName): Promise<void> {
    await sleep(killAfterMs);
    await system.supervisor.signal(replicaName(service), 'SIGKILL');
    await system.supervisor.ready(replicaName(service));
  }

  test('nothing is wrong when none is', () => {
    expect(undisturbed.faults).toEqual([]);
  });

  test.each<ServiceName>(['recognition', 'billing', 'event-router', 'subscription'])(
    '%s: every event arrives once, in order after dedupe, and the receipt is the same as without',
    async (service) => {
      const played = await play(async (call) => {
        await Promise.all([call.playVideo(), kill(service)]);
        await call.hangUp();
      });
      expect(system.supervisor.restarts(replicaName(service))).toBe(1);
      expect(played.faults).toEqual([]);
      expect(bill(played.receipt)).toEqual(bill(undisturbed.receipt));
    },
    120_000,
  );

  test('call-router: legs whose device is lost end with router_lost, and the receipt follows from the events', async () => {
    const played = await play(async (call) => {
      await Promise.all([call.playVideo().catch(() => undefined), kill('call-router')]);
    });
    expect(system.supervisor.restarts(replicaName('call-router'))).toBe(1);
    expect(played.faults).toEqual([]);
    const causes = [...endings(played.events).values()].map(({ cause }) => cause);
    expect(causes).toEqual([EndCause.ROUTER_LOST, EndCause.ROUTER_LOST]);
  }, 150_000);
});

function bill({ lines, total, chargedMs }: Receipt) {
  const kept = lines.map(({ fromMs, toMs, reason, charged, amount }) => ({ fromMs, toMs, reason, charged, micros: amount?.micros }));
  return { lines: kept, total: total?.micros, chargedMs };
}
