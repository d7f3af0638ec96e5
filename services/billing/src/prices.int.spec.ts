import { randomUUID } from 'node:crypto';
import { describe, expect, test } from '@jest/globals';
import { createPublisher } from '@parley/bus';
import { Channel, ChargeReason, IntervalKind, Party, Payer, PriceTerms, ReceiptCopy, SimulateChargeRequest } from '@parley/contracts';
import { eventually, testBus, testDatabase, testKeys } from '@parley/testing';
import { alice, bob, CallScript, evidence, interval } from './test-support/call-script.ts';
import { createSamplePolicy, sampleProtoTerms } from './test-support/policy-request.ts';
import { linesOf } from './test-support/receipt-oracle.ts';
import { startedBilling } from './test-support/started-billing.ts';
import { billingEvents, valuesOf } from './test-support/stream-reader.ts';

const nats = testBus();
const database = testDatabase();
const keys = testKeys();
const service = startedBilling({ nats, database, keys });

const newAccount = () => `account-${randomUUID().slice(0, 8)}`;
/** After two charged seconds half the price; a voice counts half, a text nothing; 0.005 EUR to begin with, 0.045 at most. */
const prices = PriceTerms.fromPartial({
  tiers: [{ fromMs: 2_000n, rateMicros: 300_000n }],
  connectionFeeMicros: 5_000n,
  maximumChargeMicros: 45_000n,
  voicePermille: 500,
  textPermille: 0,
});
const intervals = [evidence(Channel.FACE, 0, 3_000), evidence(Channel.VOICE, 3_000, 5_000), evidence(Channel.TEXT, 5_000, 6_000), evidence(Channel.FACE, 6_000, 9_000)];

describe('a policy with tiers, a fee, weights and a maximum', () => {
  test('charges a call what its simulation says, entry by entry', async () => {
    const accountId = newAccount();
    const { billing, authorization } = await service.clients(accountId);
    const policy = await createSamplePolicy(billing, { prices });
    expect((await billing.getPolicy({ policyId: policy.policyId, version: 0 })).policy).toEqual(policy);
    expect(policy.terms?.prices).toEqual({ ...prices, facePermille: 1000, payer: Payer.CALLER });
    await billing.topUpWallet({ requestId: randomUUID(), address: alice, amount: { currency: 'EUR', micros: 1_000_000n } });
    const script = new CallScript(accountId);
    const granted = await authorization.authorizeCharge({ callId: script.callId, from: alice, to: bob, policyId: policy.policyId });
    // Two seconds at 10 a millisecond, eight at 5, and the fee: more than the maximum, which is all that is held.
    expect((await billing.getWallet({ address: alice })).wallet?.reserved?.micros).toBe(45_000n);
    const publisher = createPublisher(nats.bus);
    for (const event of [script.initiated(granted.authorization), script.videoStarted('caller'), script.observing('caller'), script.progress('caller', intervals), script.ended('caller', 9_000), script.completed(9_000)]) {
      await publisher.publish(event);
    }
    await eventually(async () => expect(valuesOf(await billingEvents(nats.bus, script), 'settled')).toHaveLength(1));
    const { receipt } = await billing.getReceipt({ callId: script.callId });
    expect(linesOf(receipt!).map(({ toMs, reason, charged, micros }) => [toMs, reason, charged, micros])).toEqual([
      [3_000n, ChargeReason.FACE, true, 30_000n],
      [5_000n, ChargeReason.VOICE, true, 5_000n],
      [6_000n, ChargeReason.TEXT, false, 0n],
      [8_000n, ChargeReason.FACE, true, 10_000n],
      [9_000n, ChargeReason.CAPPED, false, 0n],
    ]);
    const { html } = await billing.renderReceipt({ callId: script.callId });
    expect(html).toContain('<b>c capped</b>, not charged. The call had reached the most that it may cost.');
    const { receipt: copy } = await billing.getReceipt({ callId: script.callId, copy: ReceiptCopy.COUNTERPART });
    expect(copy).toEqual({ ...receipt, copy: ReceiptCopy.COUNTERPART, walletId: '' });
    expect((await billing.renderReceipt({ callId: script.callId, copy: ReceiptCopy.COUNTERPART })).html).toContain('Your face was seen.');
    await expect((await service.clients(newAccount())).billing.renderReceipt({ callId: script.callId })).rejects.toMatchObject({ code: 'not_found.receipt' });
    const simulated = await billing.simulateCharge(SimulateChargeRequest.fromPartial({ pricedBy: { $case: 'policyId', value: policy.policyId }, intervals }));
    expect(simulated).toEqual({ policy, lines: receipt!.lines, chargedMs: receipt!.chargedMs, unchargedMs: receipt!.unchargedMs, total: receipt!.total });
    const { entries } = await billing.listLedgerEntries({ address: alice, pageSize: 100, pageToken: '' });
    expect(entries.filter(({ reason }) => reason === 'charge').reduce((sum, { amount }) => sum + amount!.micros, 0n)).toBe(45_000n);
    expect((await billing.getWallet({ address: alice })).wallet).toMatchObject({ balance: { micros: 955_000n }, reserved: { micros: 0n } });
  });

  test('charges in an own coin, from a wallet of it and of no other', async () => {
    const accountId = newAccount();
    const { billing, authorization } = await service.clients(accountId);
    const { policyId } = await createSamplePolicy(billing, { currency: 'coin:gem', rateMicros: 3_000_000n });
    const call = (from: string) => authorization.authorizeCharge({ callId: new CallScript(accountId).callId, from, to: bob, policyId });
    await billing.topUpWallet({ requestId: 'gems', address: alice, amount: { currency: 'coin:gem', micros: 2_000_000n } });
    await billing.topUpWallet({ requestId: 'euros', address: bob, amount: { currency: 'EUR', micros: 2_000_000n } });
    expect((await call(alice)).authorization?.policy?.terms?.currency).toBe('coin:gem');
    expect((await billing.getWallet({ address: alice })).wallet?.reserved).toEqual({ currency: 'coin:gem', micros: 500_000n });
    await expect(call(bob)).rejects.toMatchObject({ code: 'wallet.currency_mismatch' });
  });

  test('is another policy request if only a tier is another', async () => {
    const { billing } = await service.clients(newAccount());
    const request = { requestId: 'r', policyId: '', terms: sampleProtoTerms({ prices }) };
    const first = await billing.createPolicy(request);
    expect(await billing.createPolicy(request)).toEqual(first);
    const other = sampleProtoTerms({ prices: { ...prices, tiers: [{ fromMs: 2_000n, rateMicros: 300_001n }] } });
    await expect(billing.createPolicy({ ...request, terms: other })).rejects.toMatchObject({ code: 'request.idempotency_conflict' });
  });

  test('is refused with each fault', async () => {
    const { billing } = await service.clients(newAccount());
    const faulty = { ...prices, tiers: [{ fromMs: 0n, rateMicros: -1n }], connectionFeeMicros: -1n, minimumChargeMicros: 45_001n };
    await expect(billing.createPolicy({ requestId: 'r', policyId: '', terms: sampleProtoTerms({ prices: faulty }) })).rejects.toMatchObject({
      code: 'policy.invalid_terms',
      details: {
        violations: ['tiers[0].from_ms', 'tiers[0].rate_micros', 'connection_fee_micros', 'maximum_charge_micros'].map((field) => expect.objectContaining({ field: `terms.prices.${field}` })),
      },
    });
  });
});

describe('a policy by the hour of the payer\'s week, by which the callee pays', () => {
  const byHour = PriceTerms.fromPartial({
    // Monday from nine in the morning on the whole rate, else half.
    weekBands: [{ fromMinute: 9 * 60, permille: 1_000 }, { fromMinute: 24 * 60, permille: 500 }],
    timeZone: 'Asia/Kathmandu',
    resumeAfterMs: 500n,
    payer: Payer.CALLEE,
  });

  test('charges the callee for its view, by the clock of the policy\'s zone, as the simulation says', async () => {
    const accountId = newAccount();
    const { billing, authorization } = await service.clients(accountId);
    const policy = await createSamplePolicy(billing, { prices: byHour });
    await billing.topUpWallet({ requestId: randomUUID(), address: bob, amount: { currency: 'EUR', micros: 1_000_000n } });
    // A second before nine in Kathmandu, which is 5:45 ahead.
    const startMs = Date.UTC(2026, 10, 23, 3, 14, 59);
    const script = new CallScript(accountId, startMs);
    const { authorization: granted } = await authorization.authorizeCharge({ callId: script.callId, from: alice, to: bob, policyId: policy.policyId });
    expect(granted).toMatchObject({ walletId: `${accountId}/${bob}`, payer: Party.CALLEE, utcOffsetMinutes: 345 });
    const publisher = createPublisher(nats.bus);
    const seen = [evidence(Channel.FACE, 0, 2_000), interval(IntervalKind.ABSENT, 2_000, 3_000), evidence(Channel.FACE, 3_000, 4_000)];
    // The reaction comes before what says when media time began.
    for (const event of [script.initiated(granted), script.observing('callee'), script.progress('callee', seen), script.ended('callee', 4_000)]) await publisher.publish(event);
    for (const event of [script.videoStarted('callee'), script.completed(4_000)]) await publisher.publish(event);
    await eventually(async () => expect(valuesOf(await billingEvents(nats.bus, script), 'settled')).toHaveLength(1));
    const { receipt } = await billing.getReceipt({ callId: script.callId });
    expect(receipt!.lines.map(({ toMs, reason, amount, bandPermille }) => [toMs, reason, amount!.micros, bandPermille])).toEqual([
      [1_000n, ChargeReason.FACE, 5_000n, 500],
      [2_000n, ChargeReason.FACE, 10_000n, 1_000],
      [3_000n, ChargeReason.ABSENT, 0n, 0],
      [3_500n, ChargeReason.RESUMING, 0n, 0],
      [4_000n, ChargeReason.FACE, 5_000n, 1_000],
    ]);
    expect(valuesOf(await billingEvents(nats.bus, script), 'resumed').map(({ atMs }) => atMs)).toEqual([3_500n]);
    expect(await billing.explainCharge({ callId: script.callId })).toMatchObject({ identical: true, differences: [] });
    expect((await billing.getWallet({ address: bob })).wallet?.balance?.micros).toBe(980_000n);
    const priced = { pricedBy: { $case: 'policyId' as const, value: policy.policyId }, intervals: seen };
    const simulated = await billing.simulateCharge(SimulateChargeRequest.fromPartial({ ...priced, mediaOriginTime: new Date(startMs) }));
    expect(simulated.lines).toEqual(receipt!.lines);
    await expect(billing.simulateCharge(SimulateChargeRequest.fromPartial(priced))).rejects.toMatchObject({
      code: 'request.invalid_argument',
      details: { violations: [expect.objectContaining({ field: 'media_origin_time' })] },
    });
  });

  test('refuses a callee that cannot hold a wallet, and nobody else', async () => {
    const accountId = newAccount();
    const { billing, authorization } = await service.clients(accountId);
    const { policyId } = await createSamplePolicy(billing, { prices: byHour });
    const call = { callId: new CallScript(accountId).callId, from: alice, to: 'sip:desk@example.com' };
    await expect(authorization.authorizeCharge({ ...call, policyId })).rejects.toMatchObject({ code: 'request.invalid_argument' });
    const { policyId: byCaller } = await createSamplePolicy(billing);
    await billing.topUpWallet({ requestId: randomUUID(), address: alice, amount: { currency: 'EUR', micros: 1_000_000n } });
    expect((await authorization.authorizeCharge({ ...call, policyId: byCaller })).authorization).toMatchObject({ payer: Party.CALLER });
  });
});

describe('a simulation', () => {
  const simulate = async (accountId: string, request: Parameters<typeof SimulateChargeRequest.fromPartial>[0]) =>
    (await service.clients(accountId)).billing.simulateCharge(SimulateChargeRequest.fromPartial(request));
  const terms = { $case: 'terms' as const, value: sampleProtoTerms() };

  test('prices terms that are of no policy yet, up to where the balance would end', async () => {
    const { total, lines, chargedMs, unchargedMs, policy } = await simulate('acme', { pricedBy: terms, intervals: [evidence(Channel.FACE, 1_000, 5_000)], limitMs: 3_000n });
    expect({ total, chargedMs, unchargedMs }).toEqual({ total: { currency: 'EUR', micros: 20_000n }, chargedMs: 2_000n, unchargedMs: 3_000n });
    expect(lines.map(({ reason }) => reason)).toEqual([ChargeReason.UNOBSERVED, ChargeReason.FACE, ChargeReason.NOT_GRANTED]);
    expect(policy).toMatchObject({ policyId: '', version: 0 });
  });

  test('says what the host gets of it', async () => {
    const shared = { $case: 'terms' as const, value: sampleProtoTerms({ prices: PriceTerms.fromPartial({ hostPermille: 333 }) }) };
    expect((await simulate('acme', { pricedBy: shared, intervals: [evidence(Channel.FACE, 0, 1_001)] })).hostShare).toEqual({ currency: 'EUR', micros: 3_333n });
    expect((await simulate('acme', { pricedBy: terms, intervals })).hostShare).toBeUndefined();
  });

  test.each<[string, Parameters<typeof SimulateChargeRequest.fromPartial>[0], string]>([
    ['by nothing', { intervals }, 'request.invalid_argument'],
    ['by terms that cannot be had', { pricedBy: { $case: 'terms', value: sampleProtoTerms({ unitMs: 0n }) } }, 'policy.invalid_terms'],
    ['by a policy that is not there', { pricedBy: { $case: 'policyId', value: 'pol-0' } }, 'not_found.policy'],
    ['of intervals that lie over each other', { pricedBy: terms, intervals: [intervals[0]!, interval(IntervalKind.ABSENT, 2_999, 4_000)] }, 'request.invalid_argument'],
    ['of time that goes back', { pricedBy: terms, intervals: [interval(IntervalKind.ABSENT, 5, 4)] }, 'request.invalid_argument'],
    ['of an interval before the call', { pricedBy: terms, intervals: [interval(IntervalKind.ABSENT, -5, 4)] }, 'request.invalid_argument'],
    ['of an interval of no kind', { pricedBy: terms, intervals: [interval(IntervalKind.UNSPECIFIED, 0, 4)] }, 'request.invalid_argument'],
    ['of too many', { pricedBy: terms, intervals: Array.from({ length: 10_001 }, (_, at) => interval(IntervalKind.ABSENT, at, at + 1)) }, 'request.invalid_argument'],
  ])('%s is refused', async (_name, request, code) => {
    await expect(simulate('acme', request)).rejects.toMatchObject({ code });
  });

  test('by another account\'s policy is refused', async () => {
    const { policyId } = await createSamplePolicy((await service.clients(newAccount())).billing);
    await expect(simulate(newAccount(), { pricedBy: { $case: 'policyId', value: policyId } })).rejects.toMatchObject({ code: 'not_found.policy' });
  });
});
