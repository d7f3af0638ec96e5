import { randomUUID } from 'node:crypto';
import { describe, expect, test } from '@jest/globals';
import { createPublisher, type StreamedEvent } from '@parley/bus';
import { Channel, ExportUsageRequest, IntervalKind, Party, Payer, PriceTerms, ReceiptCopy, UsageFormat, UsageRows, type ChargeAuthorization } from '@parley/contracts';
import { eventually, testBus, testDatabase, testKeys } from '@parley/testing';
import { alice, bob, CallScript, evidence, interval } from './test-support/call-script.ts';
import { createSamplePolicy, sampleProtoTerms } from './test-support/policy-request.ts';
import { startedBilling } from './test-support/started-billing.ts';
import { billingEvents, valuesOf } from './test-support/stream-reader.ts';
import { verifyLedger } from './verify/verify-ledger.ts';

const nats = testBus();
const database = testDatabase();
const keys = testKeys();
const service = startedBilling({ nats, database, keys }, { env: { RECOGNITION_TIMEOUT_MS: '1500' } });
const publisher = () => createPublisher(nats.bus);
const euro = (micros: bigint) => ({ currency: 'EUR', micros });
const { CALLER, CALLEE } = Party;

/** An account whose policy has each side pay 10 micro-units a millisecond, with money for the one and the other. */
async function accountWith(callerMicros: bigint, calleeMicros: bigint) {
  const accountId = `account-${randomUUID().slice(0, 8)}`;
  const clients = await service.clients(accountId);
  const { policyId } = await createSamplePolicy(clients.billing, { prices: PriceTerms.fromPartial({ payer: Payer.EACH }) });
  for (const [address, micros] of [[alice, callerMicros], [bob, calleeMicros]] as const) {
    if (micros > 0n) await clients.billing.topUpWallet({ requestId: randomUUID(), address, amount: euro(micros) });
  }
  const walletOf = async (address: string) => (await clients.billing.getWallet({ address })).wallet!;
  const authorize = (callId: string, to = bob, from = alice) => clients.authorization.authorizeCharge({ callId, from, to, policyId });
  return { accountId, policyId, walletOf, authorize, ...clients };
}

type Account = Awaited<ReturnType<typeof accountWith>>;

async function begin({ accountId, authorize }: Account): Promise<CallScript> {
  const script = new CallScript(accountId);
  const { authorization } = await authorize(script.callId);
  await play(script.initiated(authorization), script.videoStarted('caller'), script.videoStarted('callee'));
  return script;
}

async function play(...events: readonly Parameters<ReturnType<typeof publisher>['publish']>[0][]): Promise<void> {
  for (const event of events) await publisher().publish(event);
}

/** Alice sees Bob for 3 s and hears him for 1; Bob sees Alice for 2 s. */
async function settled(account: Account): Promise<CallScript> {
  const script = await begin(account);
  await play(
    script.progress('caller', [evidence(Channel.FACE, 0, 3_000)]),
    script.progress('callee', [evidence(Channel.FACE, 0, 2_000), interval(IntervalKind.ABSENT, 2_000, 4_000)]),
    script.ended('caller', 4_000, [evidence(Channel.VOICE, 3_000, 4_000)]),
    script.completed(4_000),
    script.ended('callee', 4_000),
  );
  await eventually(async () => expect(valuesOf(await billingEvents(nats.bus, script), 'settled')).toHaveLength(2));
  return script;
}

function eventsOf(events: readonly StreamedEvent[], side: 'caller' | 'callee'): readonly StreamedEvent[] {
  return events.filter(({ source }) => source.endsWith(`/billing/${side}`));
}

describe('a call in which each side pays for its view of the other', () => {
  test('is charged to each by what it saw, in two sequences of events', async () => {
    const account = await accountWith(1_000_000n, 500_000n);
    const { billing, walletOf, accountId } = account;
    const script = await settled(account);
    const told = await billingEvents(nats.bus, script);
    for (const [side, party, micros] of [['caller', CALLER, 40_000n], ['callee', CALLEE, 20_000n]] as const) {
      const events = eventsOf(told, side);
      expect(events.map(({ sequence }) => sequence)).toEqual(events.map((_, index) => BigInt(index)));
      expect(events.every(({ data }) => data.class === 'billing' && data.value.payer === party)).toBe(true);
      expect(valuesOf(events, 'settled')).toMatchObject([{ total: euro(micros), reason: 'completed' }]);
      const { receipt } = await billing.getReceipt({ callId: script.callId, payer: party });
      expect(receipt).toMatchObject({ payer: party, total: euro(micros), settled: true, walletId: `${accountId}/${side === 'caller' ? alice : bob}` });
      expect(await billing.explainCharge({ callId: script.callId, payer: party })).toMatchObject({ identical: true, differences: [], receipt });
      expect((await billing.renderReceipt({ callId: script.callId, payer: party, copy: ReceiptCopy.PAYER })).html).toContain(script.callId);
    }
    expect(told).toHaveLength(eventsOf(told, 'caller').length + eventsOf(told, 'callee').length);
    expect((await billing.getReceipt({ callId: script.callId })).receipt?.payer).toBe(CALLER);
    expect(await walletOf(alice)).toMatchObject({ balance: euro(960_000n), reserved: euro(0n) });
    expect(await walletOf(bob)).toMatchObject({ balance: euro(480_000n), reserved: euro(0n) });
  });

  test('is authorised for both or not at all, the same again', async () => {
    const account = await accountWith(1_000_000n, 100_000n);
    const { accountId, authorize, walletOf, authorization } = account;
    const { callId } = new CallScript(accountId);
    const first = await authorize(callId);
    expect(first.authorization).toMatchObject({ payer: CALLER, walletId: `${accountId}/${alice}`, calleeWalletId: `${accountId}/${bob}`, grantedUntilMs: 10_000n });
    expect(await authorize(callId)).toEqual(first);
    expect([(await walletOf(alice)).reserved, (await walletOf(bob)).reserved]).toEqual([euro(100_000n), euro(100_000n)]);
    // Nothing is left to Bob.
    const other = new CallScript(accountId).callId;
    await expect(authorize(other)).rejects.toMatchObject({ code: 'wallet.insufficient_balance' });
    await authorization.releaseGrant({ callId });
    expect((await walletOf(bob)).reserved).toEqual(euro(0n));
    // It could not begin before, and can now.
    expect((await authorize(other)).authorization).toMatchObject({ grantedUntilMs: 10_000n });
    await authorization.releaseGrant({ callId: other });
    await authorization.releaseGrant({ callId: other });
    expect([(await walletOf(alice)).reserved, (await walletOf(bob)).reserved]).toEqual([euro(0n), euro(0n)]);
    await expect(authorize(other)).rejects.toMatchObject({ code: 'grant.ended' });
  });

  test.each([
    ['who cannot hold a wallet', 'sip:desk@example.com'],
    ['who is the caller', alice],
  ])('is refused with a callee %s', async (_who, to) => {
    const { accountId, authorize } = await accountWith(1_000_000n, 0n);
    await expect(authorize(new CallScript(accountId).callId, to)).rejects.toMatchObject({ code: 'request.invalid_argument', details: { violations: [expect.objectContaining({ field: 'to' })] } });
  });

  test('goes on as far as both have grants', async () => {
    const account = await accountWith(1_000_000n, 230_000n);
    const { authorization, walletOf } = account;
    const script = await begin(account);
    const extend = (knownUntilMs?: bigint) => authorization.extendGrant({ callId: script.callId, ...(knownUntilMs !== undefined && { knownUntilMs }) });
    expect(await extend()).toEqual({ grantedUntilMs: 20_000n });
    expect(await extend(10_000n)).toEqual({ grantedUntilMs: 20_000n });
    // Three seconds more are all that Bob has; Alice has more.
    expect(await extend(20_000n)).toEqual({ grantedUntilMs: 23_000n });
    expect([(await walletOf(alice)).reserved, (await walletOf(bob)).reserved]).toEqual([euro(300_000n), euro(230_000n)]);
    await expect(extend(23_000n)).rejects.toMatchObject({ code: 'wallet.insufficient_balance' });
    const exhausted = await eventually(async () => {
      const told = valuesOf(eventsOf(await billingEvents(nats.bus, script), 'callee'), 'balanceExhausted');
      expect(told).not.toEqual([]);
      return told;
    });
    expect(exhausted[0]).toMatchObject({ walletId: `${account.accountId}/${bob}` });
    expect(valuesOf(eventsOf(await billingEvents(nats.bus, script), 'caller'), 'balanceExhausted')).toEqual([]);
  });

  test('is settled for both when the reaction of one never ends', async () => {
    const account = await accountWith(1_000_000n, 500_000n);
    const script = await begin(account);
    await play(
      script.progress('callee', [evidence(Channel.FACE, 0, 1_000)]),
      script.ended('caller', 2_000, [evidence(Channel.FACE, 0, 2_000)]),
      script.completed(2_000),
    );
    await eventually(async () => expect(valuesOf(await billingEvents(nats.bus, script), 'settled')).toHaveLength(2));
    const told = await billingEvents(nats.bus, script);
    expect(valuesOf(eventsOf(told, 'callee'), 'settled')).toMatchObject([{ reason: 'recognition_lost', total: euro(10_000n) }]);
    expect(valuesOf(eventsOf(told, 'caller'), 'settled')).toMatchObject([{ total: euro(20_000n) }]);
    // It comes late after all, and is booked to who it belongs to.
    await play(script.ended('callee', 2_000, [evidence(Channel.FACE, 1_000, 2_000)]));
    await eventually(async () => expect(valuesOf(eventsOf(await billingEvents(nats.bus, script), 'callee'), 'adjusted')).toMatchObject([{ difference: euro(10_000n) }]));
    for (const payer of [CALLER, CALLEE]) expect(await account.billing.explainCharge({ callId: script.callId, payer })).toMatchObject({ identical: true, differences: [] });
  });

  test('is corrected for the one without the other', async () => {
    const account = await accountWith(1_000_000n, 500_000n);
    const { billing, policyId, walletOf } = account;
    const { callId } = await settled(account);
    const total = async (payer?: Party) => (await billing.getReceipt({ callId, ...(payer && { payer }) })).receipt!.correctedTotal!.micros;
    const refund = (payer: Party, requestId: string) => billing.refundCharge({ requestId, callId, payer, amount: euro(5_000n), reason: 'a mistake' });
    await refund(CALLEE, 'r');
    await refund(CALLEE, 'r');
    // The other charge is another content.
    await expect(refund(CALLER, 'r')).rejects.toMatchObject({ code: 'request.idempotency_conflict' });
    expect([await total(), await total(CALLEE)]).toEqual([40_000n, 15_000n]);
    const { dispute } = await billing.openDispute({ requestId: 'd', callId, payer: CALLEE, reason: 'nobody was there' });
    await billing.resolveDispute({ requestId: 'e', disputeId: dispute!.disputeId, outcome: { $case: 'accepted', value: { amount: euro(1_000n) } }, reason: 'so it was' });
    expect([await total(CALLER), await total(CALLEE)]).toEqual([40_000n, 14_000n]);
    expect((await walletOf(bob)).balance).toEqual(euro(486_000n));
    const half = (payer: Payer) => billing.createPolicy({ requestId: randomUUID(), policyId, terms: sampleProtoTerms({ rateMicros: 300_000n, prices: PriceTerms.fromPartial({ payer }) }) });
    const { policy: ofCallee } = await half(Payer.CALLEE);
    const reRate = (payer: Party, version: number) => billing.reRateCharge({ requestId: randomUUID(), callId, payer, policyId, version, reason: 'a fix', dryRun: false });
    await expect(reRate(CALLER, ofCallee!.version)).rejects.toMatchObject({ code: 'charge.payer_mismatch' });
    const { policy: ofEach } = await half(Payer.EACH);
    expect((await reRate(CALLER, ofEach!.version)).correctedTotal).toEqual(euro(20_000n));
    expect(await total(CALLEE)).toBe(14_000n);
    for (const payer of [CALLER, CALLEE]) expect(await billing.explainCharge({ callId, payer })).toMatchObject({ identical: true, differences: [] });
    await expect(billing.getReceipt({ callId, payer: 7 as Party })).rejects.toMatchObject({ code: 'request.invalid_argument', details: { violations: [expect.objectContaining({ field: 'payer' })] } });
  });

  test('is a row of usage for each, under ids of their own', async () => {
    const account = await accountWith(1_000_000n, 500_000n);
    const { callId } = await settled(account);
    let text = '';
    for await (const part of await account.billing.exportUsage(ExportUsageRequest.fromPartial({ rows: UsageRows.CALLS, format: UsageFormat.CLOUD_EVENTS }))) text += part.text;
    const rows = text.trimEnd().split('\n').map((line) => JSON.parse(line) as { id: string; subject: string; data: { call_id: string; payer: string; charged_ms: number } });
    const seen = rows.map(({ subject, data }) => [subject, data.call_id, data.payer, data.charged_ms]);
    expect(new Set(seen.map(String))).toEqual(new Set([[alice, callId, 'caller', 4_000], [bob, callId, 'callee', 2_000]].map(String)));
    expect(new Set(rows.map(({ id }) => id)).size).toBe(2);
  });

  test('leaves a ledger in which everything adds up', async () => {
    await eventually(async () => expect((await verifyLedger(database.db)).faults).toEqual([]));
    const charge = await database.db.collection<{ _id: string }>('charges').findOne({ _id: /callee$/, 'charge.status': 'settled' });
    await database.db.collection<{ _id: string }>('charges').updateOne({ _id: charge!._id }, { $set: { 'charge.published.chargedMicros': 1n } });
    expect((await verifyLedger(database.db)).faults).toEqual([expect.stringMatching(/^CA[0-9a-f]+\/callee: the charge says 1, and its entries add up to /)]);
  });
});

test('an authorisation that names the callee\'s wallet of another account parks the call', async () => {
  const account = await accountWith(1_000_000n, 500_000n);
  const script = new CallScript(account.accountId);
  const { authorization } = await account.authorize(script.callId);
  const foreign: ChargeAuthorization = { ...authorization!, calleeWalletId: `somebody-else/${bob}` };
  await play(script.initiated(foreign));
  await eventually(async () => {
    const { calls } = await account.parking.listParkedCalls({ pageSize: 0, pageToken: '' });
    expect(calls).toContainEqual(expect.objectContaining({ callId: script.callId, code: 'bus.malformed_event' }));
  });
});
