import { randomUUID } from 'node:crypto';
import { expect, test } from '@jest/globals';
import type { BusEvent } from '@parley/bus';
import { Channel, IntervalKind, type CallInitiated, type ChargeAuthorization } from '@parley/contracts';
import { CrashGate, testBus, testDatabase } from '@parley/testing';
import type { Billing } from './billing.ts';
import { toConsumedEvent } from './bus/consumed-event.ts';
import { toChargeAuthorization } from './bus/convert.ts';
import { alice, CallScript, evidence, interval, originMs, streamed } from './test-support/call-script.ts';
import { outcome, play, type Story } from './test-support/crash-story.ts';
import { sampleTerms } from './test-support/sample-terms.ts';
import { billingEvents, valuesOf } from './test-support/stream-reader.ts';

const nats = testBus();
const database = testDatabase();
const stores = { nats, database };
const atMs = BigInt(originMs);

function story(): Story {
  const accountId = `account-${randomUUID().slice(0, 12)}`;
  const script = new CallScript(accountId);
  const { callId } = script;
  const cause = { id: 'request', atMs, traceparent: '' };
  const terms = sampleTerms({ grantMs: 2_000n });
  const known: { policyId: string; charge?: ChargeAuthorization } = { policyId: '' };
  const apply = (event: BusEvent) => (billing: Billing) => billing.applyCallEvent(toConsumedEvent(streamed(event)));
  // The first event's content is known only once the call is authorised; its place in the sequence is taken here.
  const initiated = script.initiated();
  const rest = [
    apply(script.videoStarted('caller')),
    apply(script.progress('caller', [evidence(Channel.FACE, 0, 1_500)])),
    (billing: Billing) => billing.extendGrant({ accountId, callId, cause }),
    apply(script.progress('caller', [interval(IntervalKind.ABSENT, 1_500, 2_000), evidence(Channel.VOICE, 2_000, 3_000)])),
    apply(script.completed(3_400)),
    apply(script.ended('caller', 3_400, [evidence(Channel.TEXT, 3_000, 3_400)])),
  ];
  const steps: Story['steps'] = [
    async (billing) => {
      const policy = await billing.createPolicy({ accountId, requestId: 'policy', policyId: '', terms, atMs });
      known.policyId = policy.policyId;
    },
    (billing) => billing.setDefaultPolicy({ accountId, policyId: known.policyId, atMs }),
    (billing) => billing.topUpWallet({ accountId, requestId: 'top-up', address: alice, amount: { currency: 'EUR', micros: 100_000n }, atMs }),
    async (billing) => {
      const { terms, grantedMs } = (await billing.authorizeCharge({ accountId, callId, from: alice, policyId: '', cause }))!;
      known.charge = toChargeAuthorization(terms, grantedMs);
    },
    (billing) => apply(charged(initiated, known.charge!))(billing),
    ...rest,
  ];
  return { accountId, callId, steps };
}

function charged(event: BusEvent, charge: ChargeAuthorization): BusEvent {
  const { value } = event.data as Extract<BusEvent['data'], { class: 'call' }>;
  const initiated = { ...(value.event!.value as CallInitiated), charge };
  return { ...event, data: { class: 'call', value: { ...value, event: { $case: 'initiated', value: initiated } } } };
}

test('without a crash the story comes to what it should', async () => {
  const plain = story();
  expect(await play(plain, new CrashGate(), stores)).toBe(false);
  expect(await outcome(plain, stores)).toMatchObject({
    wallet: { balance: '71000n', available: '71000n', holds: {}, entries: '5n' },
    receipt: { totalMicros: '29000n', chargedMs: '2900n', unchargedMs: '500n' },
    isChained: true,
    entries: Array.from({ length: 5 }, () => ({ hash: true })),
    commands: ['policyVersionCreated', 'defaultPolicySet'],
  });
  const events = await billingEvents(nats.bus, plain);
  expect(valuesOf(events, 'charged').map(({ amount }) => amount?.micros)).toEqual([10_000n, 5_000n, 10_000n, 4_000n]);
});

test.each(['before', 'after'] as const)(
  'a crash %s any operation on database or broker neither loses nor doubles anything',
  async (when) => {
    const plain = story();
    const counter = new CrashGate();
    await play(plain, counter, stores);
    const expected = await outcome(plain, stores);
    expect(counter.operations).toBeGreaterThan(60);
    for (let at = 1; at <= counter.operations; at += 1) {
      const crashed = story();
      expect(await play(crashed, new CrashGate(at, when), stores)).toBe(true);
      const seen = await outcome(crashed, stores);
      expect({ at, seen }).toEqual({ at, seen: expected });
    }
  },
  300_000,
);
