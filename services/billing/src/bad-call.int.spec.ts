import { randomUUID } from 'node:crypto';
import { describe, expect, test } from '@jest/globals';
import { createPublisher, type BusEvent } from '@parley/bus';
import { Channel, ChargeReason, IntervalKind, SimulateChargeRequest, type PolicyTerms } from '@parley/contracts';
import { eventually, testBus, testDatabase, testKeys } from '@parley/testing';
import { alice, bob, CallScript, evidence, interval, newCallId } from './test-support/call-script.ts';
import { createSamplePolicy, sampleProtoTerms } from './test-support/policy-request.ts';
import { startedBilling, type BillingClient } from './test-support/started-billing.ts';
import { billingEvents, valuesOf } from './test-support/stream-reader.ts';

const nats = testBus();
const database = testDatabase();
const keys = testKeys();
const service = startedBilling({ nats, database, keys });
const code = (code: string) => expect.objectContaining({ code });
const newAccount = () => `account-${randomUUID().slice(0, 8)}`;

describe('what a call should not say', () => {
  const authorized = async (terms: Partial<PolicyTerms> = {}) => {
    const accountId = newAccount();
    const clients = await service.clients(accountId);
    const { policyId } = await createSamplePolicy(clients.billing, terms);
    await clients.billing.topUpWallet({ requestId: randomUUID(), address: alice, amount: { currency: 'EUR', micros: 1_000_000n } });
    const script = new CallScript(accountId);
    const { authorization } = await clients.authorization.authorizeCharge({ callId: script.callId, from: alice, to: bob, policyId });
    const publisher = createPublisher(nats.bus);
    const publish = async (...events: readonly BusEvent[]) => {
      for (const event of events) await publisher.publish(event);
    };
    const settled = async () => {
      // The receipt may show it before the ledger does.
      await eventually(async () => expect(valuesOf(await billingEvents(nats.bus, script), 'settled')).toHaveLength(1));
      return (await clients.billing.getReceipt({ callId: script.callId })).receipt!;
    };
    return { ...clients, script, charge: authorization!, policyId, publish, settled };
  };
  const balance = async (billing: BillingClient) => (await billing.getWallet({ address: alice })).wallet?.balance?.micros;

  test('the same time twice: what was said first is charged, once', async () => {
    const { script, charge, publish, settled, billing } = await authorized();
    const overlapping = [evidence(Channel.FACE, 0, 2_000), evidence(Channel.VOICE, 1_000, 3_000)];
    await publish(script.initiated(charge), script.videoStarted('caller'), script.progress('caller', overlapping));
    await publish(script.progress('caller', [evidence(Channel.FACE, 0, 3_000), interval(IntervalKind.ABSENT, 500, 4_000)]), script.ended('caller', 4_000), script.completed(4_000));
    const { lines, total } = await settled();
    expect(lines.map(({ fromMs, toMs, reason }) => [fromMs, toMs, reason])).toEqual([
      [0n, 2_000n, ChargeReason.FACE],
      [2_000n, 3_000n, ChargeReason.VOICE],
      [3_000n, 4_000n, ChargeReason.ABSENT],
    ]);
    expect([total?.micros, await balance(billing)]).toEqual([30_000n, 970_000n]);
  });

  test('that it was observed less far than before, and ended before it began: what was decided stays', async () => {
    const { script, charge, publish, settled, billing } = await authorized();
    await publish(script.initiated(charge), script.videoStarted('caller'), script.progress('caller', [evidence(Channel.FACE, 0, 2_000)]));
    await publish(script.progress('caller', [], 1_000), script.ended('caller', 500), script.completed(-60_000));
    expect((await settled()).total?.micros).toBe(20_000n);
    expect(await balance(billing)).toBe(980_000n);
  });

  test('an interval that ends before it begins: the call is parked, and nothing is charged for it', async () => {
    const { script, charge, publish, billing, parking } = await authorized();
    await publish(script.initiated(charge), script.videoStarted('caller'), script.progress('caller', [evidence(Channel.FACE, 2_000, 1_000)]));
    await eventually(async () => {
      const { calls } = await parking.listParkedCalls({ pageSize: 0, pageToken: '' });
      expect(calls).toContainEqual(expect.objectContaining({ callId: script.callId, code: 'bus.malformed_event' }));
    });
    expect(await balance(billing)).toBe(1_000_000n);
  });

  test('anything, of a call that nobody began: it has no receipt, and other calls go on', async () => {
    const { script, charge, publish, settled, billing } = await authorized();
    const unknown = new CallScript(script.accountId);
    unknown.initiated(charge);
    await publish(unknown.videoStarted('caller'), unknown.progress('caller', [evidence(Channel.FACE, 0, 9_000)]), unknown.ended('caller', 9_000), unknown.completed(9_000));
    await publish(script.initiated(charge), script.videoStarted('caller'), script.progress('caller', [evidence(Channel.FACE, 0, 1_000)]), script.ended('caller', 1_000), script.completed(1_000));
    expect((await settled()).total?.micros).toBe(10_000n);
    await expect(billing.getReceipt({ callId: unknown.callId })).rejects.toThrow(code('not_found.receipt'));
    expect(await balance(billing)).toBe(990_000n);
  });

  test('a policy that is the default no more, and has a dearer version: a running call keeps its own', async () => {
    const { script, charge, policyId, publish, settled, billing } = await authorized();
    await billing.setDefaultPolicy({ policyId });
    await publish(script.initiated(charge), script.videoStarted('caller'), script.progress('caller', [evidence(Channel.FACE, 0, 1_000)]));
    await billing.setDefaultPolicy({ policyId: '' });
    await billing.createPolicy({ requestId: 'dearer', policyId, terms: sampleProtoTerms({ rateMicros: 6_000_000n }) });
    await publish(script.progress('caller', [evidence(Channel.FACE, 1_000, 3_000)]), script.ended('caller', 3_000), script.completed(3_000));
    expect(await settled()).toMatchObject({ policy: { policyId, version: 1 }, total: { micros: 30_000n } });
  });

  test('a price beyond int64: nothing is granted, and a simulation says so', async () => {
    const { billing, authorization } = await authorized();
    const absurd = { rateMicros: 1_000_000_000_000_000n, unitMs: 1n, grantMs: 86_400_000n };
    const { policyId } = await createSamplePolicy(billing, absurd);
    await expect(authorization.authorizeCharge({ callId: newCallId(), from: alice, to: bob, policyId })).rejects.toThrow(code('wallet.insufficient_balance'));
    const request = SimulateChargeRequest.fromPartial({ pricedBy: { $case: 'policyId', value: policyId }, intervals: [evidence(Channel.FACE, 0, 86_400_000)] });
    await expect(billing.simulateCharge(request)).rejects.toThrow(code('money.invalid_amount'));
    expect((await billing.getWallet({ address: alice })).wallet?.available?.micros).toBe(900_000n);
  });
});
