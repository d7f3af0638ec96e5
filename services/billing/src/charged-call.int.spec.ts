import { randomUUID } from 'node:crypto';
import { describe, expect, test } from '@jest/globals';
import { createPublisher, type BusEvent } from '@parley/bus';
import { Channel, ChargeReason, IntervalKind, type ChargeAuthorization, type Receipt } from '@parley/contracts';
import { eventually, testBus, testDatabase, testKeys } from '@parley/testing';
import { alice, bob, CallScript, evidence, interval } from './test-support/call-script.ts';
import { createSamplePolicy } from './test-support/policy-request.ts';
import { linesOf, oracleReceipt } from './test-support/receipt-oracle.ts';
import { sampleTerms } from './test-support/sample-terms.ts';
import { startedBilling, type Clients } from './test-support/started-billing.ts';
import { billingEvents, ledgerEvents, reactionEvents, valuesOf } from './test-support/stream-reader.ts';

const nats = testBus();
const database = testDatabase();
const keys = testKeys();
const service = startedBilling({ nats, database, keys }, { replicas: 2, env: { RECOGNITION_TIMEOUT_MS: '1500' } });

interface Prepared {
  readonly accountId: string;
  readonly clients: Clients;
  readonly script: CallScript;
  readonly charge: ChargeAuthorization;
}

async function authorizedCall(balanceMicros = 1_000_000n, terms: Parameters<typeof createSamplePolicy>[1] = {}): Promise<Prepared> {
  const accountId = `account-${randomUUID().slice(0, 8)}`;
  const clients = await service.clients(accountId);
  const { policyId } = await createSamplePolicy(clients.billing, terms);
  await clients.billing.topUpWallet({ requestId: randomUUID(), address: alice, amount: { currency: 'EUR', micros: balanceMicros } });
  const script = new CallScript(accountId);
  const { authorization } = await clients.authorization.authorizeCharge({ callId: script.callId, from: alice, to: bob, policyId });
  return { accountId, clients, script, charge: authorization! };
}

async function publish(...events: readonly BusEvent[]): Promise<void> {
  const publisher = createPublisher(nats.bus);
  for (const event of events) await publisher.publish(event);
}

/** Once billing has told of everything. */
async function settledReceipt({ clients, script }: Prepared): Promise<Receipt> {
  await eventually(async () => expect(valuesOf(await billingEvents(nats.bus, script), 'settled')).toHaveLength(1));
  return (await clients.billing.getReceipt({ callId: script.callId })).receipt!;
}

async function wallet({ clients }: Prepared) {
  return (await clients.billing.getWallet({ address: alice })).wallet!;
}

const scene = (script: CallScript): BusEvent[] => [
  script.observing('caller'),
  script.progress('caller', [evidence(Channel.FACE, 0, 2_500)]),
  script.progress('caller', [interval(IntervalKind.GRACE_RECOVERED, 2_500, 3_000), evidence(Channel.VOICE, 3_000, 4_200)]),
  script.progress('caller', [interval(IntervalKind.GRACE_LAPSED, 4_200, 6_000), interval(IntervalKind.ABSENT, 6_000, 7_000)]),
  script.ended('caller', 8_300, [evidence(Channel.TEXT, 7_000, 8_300)]),
];

describe('a charged call', () => {
  test('is charged by the payer\'s reactions, cell by cell, and explained', async () => {
    const call = await authorizedCall();
    const { script, charge, clients, accountId } = call;
    expect(charge).toMatchObject({ walletId: `${accountId}/${alice}`, payer: 1, grantedUntilMs: 10_000n });
    expect((await wallet(call)).reserved?.micros).toBe(100_000n);

    await publish(script.initiated(charge), script.dialled(), script.videoStarted('caller'), script.videoStarted('callee'));
    await publish(...scene(script), script.observing('callee'), script.completed(8_300, false), script.completed(8_350));
    await publish(script.ended('callee', 8_300, [evidence(Channel.FACE, 0, 8_300)]));

    const receipt = await settledReceipt(call);
    expect(receipt.lines.map(({ fromMs, toMs, reason, charged, amount }) => [fromMs, toMs, reason, charged, amount?.micros])).toEqual([
      [0n, 2_500n, ChargeReason.FACE, true, 25_000n],
      [2_500n, 3_000n, ChargeReason.GRACE_RECOVERED, true, 5_000n],
      [3_000n, 4_200n, ChargeReason.VOICE, true, 12_000n],
      [4_200n, 6_000n, ChargeReason.GRACE_LAPSED, false, 0n],
      [6_000n, 7_000n, ChargeReason.ABSENT, false, 0n],
      [7_000n, 8_300n, ChargeReason.TEXT, true, 13_000n],
    ]);
    expect(receipt).toMatchObject({ chargedMs: 5_500n, unchargedMs: 2_800n, total: { currency: 'EUR', micros: 55_000n }, settleReason: 'completed' });
    expect(receipt.applied).toEqual([
      { source: `/${accountId}/calls/${script.callId}/call`, sequence: 5n },
      { source: `/${accountId}/calls/${script.callId}/reaction/callee`, sequence: 1n },
      { source: `/${accountId}/calls/${script.callId}/reaction/caller`, sequence: 4n },
    ]);

    const events = await billingEvents(nats.bus, script);
    expect(events.map(({ sequence }) => sequence)).toEqual(events.map((_, index) => BigInt(index)));
    expect(events.map(({ type }) => type.slice('billing.'.length))).toEqual(
      'started charged charged charged charged suspended charged resumed charged charged settled'.split(' '),
    );
    expect(events[0]?.call).toEqual({ from: alice, to: bob, direction: 'inbound' });

    const { entries } = await clients.billing.listLedgerEntries({ address: alice, pageSize: 0, pageToken: '' });
    const charged = valuesOf(events, 'charged');
    expect(entries.slice(1).map(({ entryId, amount }) => [entryId, amount?.micros])).toEqual(charged.map(({ entryId, amount }) => [entryId, amount?.micros]));
    expect(entries.map(({ debitAccount }) => debitAccount)).toEqual([`funding:${accountId}`, ...charged.map(() => `wallet:${accountId}/${alice}`)]);
    const posted = (await ledgerEvents(nats.bus, accountId)).flatMap(({ event }) => (event?.$case === 'entryPosted' ? [event.value.entry] : []));
    expect(posted).toEqual(entries);
    expect(await wallet(call)).toMatchObject({ balance: { micros: 945_000n }, reserved: { micros: 0n }, available: { micros: 945_000n } });
  });

  test('whose reactions come before the call itself waits for it, and comes to the same', async () => {
    const call = await authorizedCall();
    const { script, charge } = call;
    const callEvents = [script.initiated(charge), script.videoStarted('caller'), script.completed(8_350)];
    await publish(...scene(script));
    await publish(...callEvents);
    expect(await settledReceipt(call)).toMatchObject({ total: { micros: 55_000n }, settleReason: 'completed' });
  });

  test('whose counterpart has not consented to being observed costs nothing, and waits for nothing', async () => {
    const call = await authorizedCall();
    const { script, charge } = call;
    await publish(script.initiated(charge), script.dialled(), script.videoStarted('caller'));
    await publish(script.reaction('caller', { $case: 'withheld', value: {} }, []), script.completed(4_000));
    await publish(script.ended('caller', 4_000, [interval(IntervalKind.UNOBSERVED, 0, 4_000)], 'not_consented'));
    const receipt = await settledReceipt(call);
    expect(receipt.lines.map(({ fromMs, toMs, reason, charged }) => [fromMs, toMs, reason, charged])).toEqual([[0n, 4_000n, ChargeReason.UNOBSERVED, false]]);
    expect(receipt.total?.micros).toBe(0n);
    expect(valuesOf(await billingEvents(nats.bus, script), 'settled')).toMatchObject([{ reason: 'completed' }]);
    expect(await wallet(call)).toMatchObject({ reserved: { micros: 0n } });
  });

  test('without video settles when it completes, and gives everything back', async () => {
    const call = await authorizedCall();
    await publish(call.script.initiated(call.charge), call.script.completed(3_000));
    expect(await settledReceipt(call)).toMatchObject({ lines: [], total: { micros: 0n }, settleReason: 'completed' });
    expect(await wallet(call)).toMatchObject({ balance: { micros: 1_000_000n }, reserved: { micros: 0n } });
  });

  test('whose recognition is lost settles after the timeout, stamped with it; what comes later is adjusted', async () => {
    const call = await authorizedCall();
    const { script, charge } = call;
    const [observing, first, ...late] = scene(script);
    await publish(script.initiated(charge), script.videoStarted('caller'), observing!, first!, script.completed(8_300));
    const receipt = await settledReceipt(call);
    expect(receipt).toMatchObject({ settleReason: 'recognition_lost', total: { micros: 25_000n }, unchargedMs: 5_800n });
    expect(receipt.lines.at(-1)).toMatchObject({ fromMs: 2_500n, toMs: 8_300n, reason: ChargeReason.UNOBSERVED });

    await publish(...late);
    const events = await eventually(async () => {
      const found = await billingEvents(nats.bus, script);
      expect(found.at(-1)?.type).toBe('billing.adjusted');
      return found;
    });
    expect(valuesOf(events, 'adjusted')).toEqual([expect.objectContaining({ difference: { currency: 'EUR', micros: 30_000n }, reason: 'late_reaction' })]);
    expect(events.find(({ type }) => type === 'billing.settled')?.time).toEqual(new Date(Date.parse('2025-06-15T15:06:40Z') + 8_300 + 1_500));
    expect(await settledReceipt(call)).toMatchObject({ total: { micros: 55_000n }, chargedMs: 5_500n });
    expect(await wallet(call)).toMatchObject({ balance: { micros: 945_000n }, reserved: { micros: 0n } });
  });

  test('goes on to be charged when a replica ends in the middle of it', async () => {
    const call = await authorizedCall();
    const { script, charge } = call;
    const events = scene(script);
    await publish(script.initiated(charge), script.videoStarted('caller'), ...events.slice(0, 3));
    await service.restart(1);
    await publish(...events.slice(3), script.completed(8_300));
    expect(await settledReceipt(call)).toMatchObject({ total: { micros: 55_000n } });
  });
});

describe('a grant', () => {
  test('is extended as long as the balance covers it; low is told, then exhausted, and nothing more is charged', async () => {
    const call = await authorizedCall(250_000n);
    const { script, charge, clients } = call;
    const grant = { callId: script.callId };
    expect(await clients.authorization.extendGrant(grant)).toEqual({ grantedUntilMs: 20_000n });
    // Not a whole grant more, but what the balance covers.
    expect(await clients.authorization.extendGrant(grant)).toEqual({ grantedUntilMs: 25_000n });
    await expect(clients.authorization.extendGrant(grant)).rejects.toMatchObject({ code: 'wallet.insufficient_balance' });

    await publish(script.initiated(charge), script.videoStarted('caller'), script.observing('caller'));
    await publish(script.progress('caller', [evidence(Channel.FACE, 0, 26_000)]), script.ended('caller', 26_000), script.completed(26_000));
    const receipt = await settledReceipt(call);
    const events = await billingEvents(nats.bus, script);
    expect(valuesOf(events, 'balanceExhausted')).toEqual([expect.objectContaining({ walletId: charge.walletId })]);
    expect(receipt).toMatchObject({ total: { micros: 250_000n }, chargedMs: 25_000n });
    expect(receipt.lines.at(-1)).toMatchObject({ fromMs: 25_000n, toMs: 26_000n, reason: ChargeReason.NOT_GRANTED, charged: false });
    expect(await wallet(call)).toMatchObject({ balance: { micros: 0n }, reserved: { micros: 0n } });
  });

  test('that runs out, goes on after a top-up and runs out for good leaves a receipt that follows from the published events', async () => {
    const call = await authorizedCall(120_000n, { freePeriodMs: 500n });
    const { script, charge, clients } = call;
    await publish(script.initiated(charge), script.videoStarted('caller'), script.observing('caller'));
    await publish(script.progress('caller', [evidence(Channel.FACE, 0, 13_000)]));
    const exhausted = async () => valuesOf(await billingEvents(nats.bus, script), 'balanceExhausted');
    await eventually(async () => expect(await exhausted()).toHaveLength(1));
    await clients.billing.topUpWallet({ requestId: randomUUID(), address: alice, amount: { currency: 'EUR', micros: 55_000n } });
    const rest = [interval(IntervalKind.ABSENT, 13_000, 14_000), evidence(Channel.VOICE, 14_000, 22_000), interval(IntervalKind.ABSENT, 22_000, 23_000)];
    await publish(script.progress('caller', rest), script.ended('caller', 24_000), script.completed(24_000));

    const receipt = await settledReceipt(call);
    const published = await billingEvents(nats.bus, script);
    const { limitMs } = valuesOf(published, 'settled')[0]!;
    expect((await exhausted())[0]?.grantedUntilMs).toBeLessThan(limitMs!);
    const terms = sampleTerms({ freePeriodMs: 500n });
    expect(linesOf(receipt)).toEqual(oracleReceipt(terms, await reactionEvents(nats.bus, script), published));
    expect(receipt.lines.map(({ reason }) => reason)).toEqual(expect.arrayContaining([ChargeReason.NOT_GRANTED, ChargeReason.FREE_PERIOD, ChargeReason.UNOBSERVED]));
  });

  test('is extended again after a top-up', async () => {
    const { script, clients } = await authorizedCall(159_999n);
    const grant = { callId: script.callId };
    expect(await clients.authorization.extendGrant(grant)).toEqual({ grantedUntilMs: 15_000n });
    await expect(clients.authorization.extendGrant(grant)).rejects.toMatchObject({ code: 'wallet.insufficient_balance' });
    await clients.billing.topUpWallet({ requestId: randomUUID(), address: alice, amount: { currency: 'EUR', micros: 100_000n } });
    expect(await clients.authorization.extendGrant(grant)).toEqual({ grantedUntilMs: 25_000n });
  });

  test('whose extension was not heard of is told again, and holds nothing more', async () => {
    const call = await authorizedCall(150_000n);
    const grant = { callId: call.script.callId, knownUntilMs: 10_000n };
    for (let times = 0; times < 2; times += 1) expect(await call.clients.authorization.extendGrant(grant)).toEqual({ grantedUntilMs: 15_000n });
    expect((await wallet(call)).reserved?.micros).toBe(150_000n);
    await expect(call.clients.authorization.extendGrant({ ...grant, knownUntilMs: 15_000n })).rejects.toMatchObject({ code: 'wallet.insufficient_balance' });
  });

  test('holds less once it is known that the counterpart was away', async () => {
    const call = await authorizedCall(200_000n);
    const { script, charge, clients } = call;
    await publish(script.initiated(charge), script.videoStarted('caller'), script.progress('caller', [interval(IntervalKind.ABSENT, 0, 9_000)]));
    await eventually(async () => expect((await clients.billing.getReceipt({ callId: script.callId })).receipt?.unchargedMs).toBe(9_000n));
    expect(await clients.authorization.extendGrant({ callId: script.callId })).toEqual({ grantedUntilMs: 20_000n });
    expect((await wallet(call)).reserved?.micros).toBe(110_000n);
  });

  test('is the same when the call is authorised again, also by the other replica', async () => {
    const call = await authorizedCall();
    const { accountId, script, charge } = call;
    const other = await service.clients(accountId, 1);
    const request = { callId: script.callId, from: alice, to: bob, policyId: charge.policy!.policyId };
    expect((await other.authorization.authorizeCharge(request)).authorization).toEqual(charge);
    expect((await wallet(call)).reserved?.micros).toBe(100_000n);
    await expect(other.authorization.authorizeCharge({ ...request, from: bob })).rejects.toMatchObject({ code: 'request.idempotency_conflict' });
  });

  test('is given back when the call came to nothing, and is not to be had again', async () => {
    const call = await authorizedCall();
    const { script, charge, clients } = call;
    const grant = { callId: script.callId };
    await clients.authorization.releaseGrant(grant);
    await clients.authorization.releaseGrant(grant);
    expect((await wallet(call)).reserved?.micros).toBe(0n);
    await expect(clients.authorization.extendGrant(grant)).rejects.toMatchObject({ code: 'grant.ended' });
    const again = { callId: script.callId, from: alice, to: bob, policyId: charge.policy!.policyId };
    await expect(clients.authorization.authorizeCharge(again)).rejects.toMatchObject({ code: 'grant.ended' });
    // The call's own events are what they are: they settle it at nothing.
    await publish(script.initiated(charge), script.completed(1_000));
    expect(await settledReceipt(call)).toMatchObject({ total: { micros: 0n } });
  });
});
