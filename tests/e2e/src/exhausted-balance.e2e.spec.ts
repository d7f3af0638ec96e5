import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import {
  EndCause,
  IntervalKind,
  MediaKind,
  OnExhausted,
  Party,
  type BillingEvent,
  type CallEvent,
  type Event,
  type LedgerEntry,
  type Receipt,
  type Wallet,
} from '@parley/contracts';
import { callFaults, deliveryFaults, endings, usualSetting, type LiveCall, type Scene, type SceneSetting } from '@parley/examples';
import { startTestSystem, type TestSystem } from './test-system.ts';

const alice = 'client:alice';
const coveredMs = 5_000n;
const coveredMicros = 5_000_000n;
/** Half a millisecond's price more than the whole seconds that are granted. */
const balanceMicros = coveredMicros + 500n;

/** Each second costs 1 EUR, and is there to be charged: the face stays for longer than the balance. */
const poor = (onExhausted: OnExhausted): SceneSetting => ({
  terms: { ...usualSetting.terms, rateMicros: 1_000_000n, unitMs: 1_000n, freePeriodMs: 0n, grantMs: 3_000n, onExhausted },
  balanceMicros,
  acts: [{ name: 'a face', fromMs: 0, toMs: 8_000, camera: 'person' }],
});

/** Both see each other, and both devices go on observing past what the balance covers, as if nobody had told them. */
const bothWatch = (call: LiveCall) => Promise.all([call.playVideo('alice'), call.playVideo('bob')]);

interface Played {
  readonly scene: Scene;
  readonly call: LiveCall;
  readonly events: readonly Event[];
  readonly receipt: Receipt;
  readonly wallet: Wallet;
  readonly entries: readonly LedgerEntry[];
}

let system: TestSystem;
beforeAll(async () => {
  system = await startTestSystem();
}, 180_000);
afterAll(() => system?.stop(), 60_000);

/** A call until it is settled, in an account of its own. */
async function play(account: string, onExhausted: OnExhausted, perform: (call: LiveCall) => Promise<void>): Promise<Played> {
  const scene = await system.prepareScene(poor(onExhausted), account);
  try {
    const call = await scene.placeCall();
    await perform(call);
    await scene.delivered(call.callId, 60_000);
    const { billing } = scene.api;
    return {
      scene,
      call,
      events: [...new Map(scene.deliveries.grpc.filter(({ subject }) => subject === call.callId).map((event) => [event.id, event])).values()],
      receipt: await scene.receipt(call.callId),
      wallet: (await billing.getWallet({ address: alice })).wallet!,
      entries: (await billing.listLedgerEntries({ address: alice, pageSize: 100, pageToken: '' })).entries,
    };
  } finally {
    await scene.close();
  }
}

/** What holds of a call whose balance ran out, whatever its policy says comes then. */
function testExhaustion(played: () => Played): void {
  const grantedUntilMs = () => billing(played(), 'balanceExhausted').at(-1)!.grantedUntilMs;

  test('every transport brings every event, one completed per leg, one settled, and a bill that follows from the events', () => {
    const { scene, call, events, receipt } = played();
    expect(deliveryFaults(scene.deliveries, call.callId)).toEqual([]);
    expect(callFaults(events, receipt)).toEqual([]);
  });

  test('each side sees the other until the granted end, and not for a second longer', () => {
    const stops = calls(played(), 'videoStopped').map(({ mediaTimeMs }) => mediaTimeMs);
    expect(stops).toHaveLength(2);
    expect(grantedUntilMs()).toBe(coveredMs);
    for (const stop of stops) {
      expect(stop).toBeGreaterThanOrEqual(grantedUntilMs());
      expect(stop).toBeLessThan(grantedUntilMs() + 1_000n);
    }
  });

  test.each([Party.CALLER, Party.CALLEE])('observation of side %i ends with the video, though its device goes on', (party) => {
    const [stop] = calls(played(), 'videoStopped').map(({ mediaTimeMs }) => mediaTimeMs);
    const reactions = played().events.flatMap(({ data }) => (data?.$case === 'reaction' && data.value.party === party ? [data.value] : []));
    expect(reactions.flatMap(({ event }) => (event?.$case === 'ended' ? [event.value.finalMs] : []))).toEqual([stop]);
    const intervals = reactions.flatMap(({ intervals }) => intervals);
    expect(intervals.map(({ kind }) => kind)).toEqual(intervals.map(() => IntervalKind.EVIDENCE));
    expect(intervals.at(-1)?.toMs).toBe(stop);
  });

  test('what is settled is what the balance covered, and no charge lies beyond the granted end', () => {
    const [settled] = billing(played(), 'settled');
    const charged = billing(played(), 'charged');
    expect(settled).toMatchObject({ total: { currency: 'EUR', micros: coveredMicros }, chargedMs: coveredMs, reason: 'completed' });
    expect(charged.map(({ toMs }) => toMs)).toEqual([1_000n, 2_000n, 3_000n, 4_000n, 5_000n]);
    expect(charged.at(-1)?.cumulative).toEqual(settled?.total);
  });

  test('the ledger has these charges alone, was never below zero, and holds nothing any more', () => {
    const { entries, wallet, call } = played();
    expect(entries.filter(({ callId }) => callId === call.callId).map(({ reason, fromMs, amount }) => ({ reason, fromMs, micros: amount?.micros }))).toEqual(
      [0n, 1_000n, 2_000n, 3_000n, 4_000n].map((fromMs) => ({ reason: 'charge', fromMs, micros: 1_000_000n })),
    );
    for (const { balanceAfter } of entries) expect(balanceAfter!.micros).toBeGreaterThanOrEqual(0n);
    expect(wallet).toMatchObject({ balance: { micros: balanceMicros - coveredMicros }, reserved: { micros: 0n } });
  });

  test('the receipt accounts for each millisecond until the video ends, and no more', () => {
    const { lines, total } = played().receipt;
    expect(lines[0]?.fromMs).toBe(0n);
    lines.slice(1).forEach((line, index) => expect(line.fromMs).toBe(lines[index]!.toMs));
    expect(lines.at(-1)?.toMs).toBe(calls(played(), 'videoStopped')[0]?.mediaTimeMs);
    expect(lines.at(-1)?.toMs).toBe(billing(played(), 'settled')[0]?.finalMs);
    expect(total?.micros).toBe(coveredMicros);
    const beyond = lines.filter(({ fromMs }) => fromMs >= grantedUntilMs());
    expect(beyond.every(({ charged, amount }) => !charged && amount?.micros === 0n)).toBe(true);
  });
}

describe('a balance that is exhausted in mid-call, by a policy that ends the call then', () => {
  let played: Played;
  beforeAll(async () => {
    played = await play('ending', OnExhausted.END, async (call) => {
      await bothWatch(call);
      await call.hangUp();
    });
  }, 120_000);

  testExhaustion(() => played);

  test('both legs end with the grant', () => {
    expect([...endings(played.events).values()].map(({ cause }) => cause)).toEqual([EndCause.GRANT_LAPSED, EndCause.GRANT_LAPSED]);
  });
});

describe('a balance that is exhausted in mid-call, by a policy that ends the video then', () => {
  let played: Played;
  beforeAll(async () => {
    played = await play('downgrading', OnExhausted.DOWNGRADE, async (call) => {
      await bothWatch(call);
      for (const [device, legId] of [[call.alice, call.callId], [call.bob, call.bobLegId]] as const) {
        expect((await device.inbox.next('mediaEnded')).value).toEqual({ legId, kind: MediaKind.VIDEO, cause: EndCause.GRANT_LAPSED });
        device.startVideo(legId);
        expect((await device.inbox.next('commandRefused')).value).toMatchObject({ legId, code: 'call.grant_lapsed' });
      }
      call.bob.send({ $case: 'sendText', value: { legId: call.bobLegId, text: 'I can still write' } });
      expect((await call.alice.inbox.next('textReceived')).value).toMatchObject({ text: 'I can still write' });
      await call.hangUp();
    });
  }, 120_000);

  testExhaustion(() => played);

  test('the call itself goes on without the video, until somebody hangs up', () => {
    const types = played.events.filter(({ data }) => data?.$case === 'call').map(({ type }) => type);
    expect(types.slice(types.indexOf('call.video_stopped'))).toEqual([
      'call.video_stopped',
      'call.video_stopped',
      'call.text_received',
      'call.completed',
      'call.verb_ended',
      'call.completed',
    ]);
    expect([...endings(played.events).values()].map(({ cause }) => cause)).toContain(EndCause.HANGUP);
    expect([...endings(played.events).values()].map(({ cause }) => cause)).not.toContain(EndCause.GRANT_LAPSED);
  });
});

type Case<Of extends { readonly event?: { readonly $case: string } | undefined }> = NonNullable<Of['event']>;
type ValueOf<Cases, Name> = Extract<Cases, { $case: Name; value: unknown }> extends { value: infer Value } ? Value : never;

function billing<Name extends Case<BillingEvent>['$case']>({ events }: Played, name: Name): ValueOf<Case<BillingEvent>, Name>[] {
  const found = events.flatMap(({ data }) => (data?.$case === 'billing' && data.value.event?.$case === name ? [data.value.event.value] : []));
  return found as ValueOf<Case<BillingEvent>, Name>[];
}

function calls<Name extends Case<CallEvent>['$case']>({ events }: Played, name: Name): ValueOf<Case<CallEvent>, Name>[] {
  const found = events.flatMap(({ data }) => (data?.$case === 'call' && data.value.event?.$case === name ? [data.value.event.value] : []));
  return found as ValueOf<Case<CallEvent>, Name>[];
}
