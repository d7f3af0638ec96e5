import { describe, expect, test } from '@jest/globals';
import { Channel, Party, Payer, ReceiptCopy, type ReactionInterval } from '@parley/contracts';
import { testBus, testDatabase } from '@parley/testing';
import { toChargeAuthorization, toLedgerEntry } from './bus/convert.ts';
import { hostMicrosOf, type LedgerEntry } from './domain/ledger-entry.ts';
import { plainPrices } from './domain/price.ts';
import { copyOf, toReceipt } from './grpc/convert.ts';
import { receiptPage } from './page/receipt-page.ts';
import { alice, bob, CallScript, evidence, newCallId } from './test-support/call-script.ts';
import { ledgerEvents } from './test-support/stream-reader.ts';
import { replica, Tenant } from './test-support/tenant.ts';
import { verifyLedger } from './verify/verify-ledger.ts';

const nats = testBus();
const database = testDatabase();
const stores = { nats, database };
const euro = (micros: bigint) => ({ currency: 'EUR', micros });
const face = (fromMs: number, toMs: number): ReactionInterval => evidence(Channel.FACE, fromMs, toMs);
/** A third of a micro-unit a millisecond, of which the host has a third: neither cells nor shares are whole. */
const terms = { rateMicros: 1n, unitMs: 3n, prices: { ...plainPrices, hostPermille: 333 } };

const sharesOf = (entries: readonly LedgerEntry[]) => entries.map(({ reason, amountMicros, share }) => [reason, amountMicros, share?.amountMicros]);
const hostSum = (entries: readonly LedgerEntry[]): bigint => entries.reduce((sum, entry) => sum + hostMicrosOf(entry), 0n);

/** Nothing in the whole database that does not add up. */
async function expectWhole(): Promise<void> {
  expect((await verifyLedger(database.db)).faults).toEqual([]);
}

/** Three seconds that were settled at 1000 micro-units, of which 200 were promotional. */
async function settledCall() {
  const tenant = await Tenant.with(stores, 100_000n, terms);
  const gift = { requestId: 'gift', address: alice, amount: euro(200n), bucket: 'promotional/-1', atMs: 0n };
  await tenant.billing.topUpWallet({ accountId: tenant.accountId, ...gift });
  return { tenant, ...(await tenant.play([face(0, 3_000)])) };
}

describe('the host\'s share', () => {
  test('of a call that is drawn from two parts of the balance, given back from, disputed and rated anew is that of what it costs', async () => {
    const { tenant, callId, script, entries } = await settledCall();
    const account = `host:${tenant.accountId}/${bob}`;
    expect(sharesOf(entries)).toEqual([
      ['charge', 200n, 66n],
      ['charge', 133n, 44n],
      ['charge', 334n, 112n],
      ['charge', 333n, 111n],
    ]);
    expect(entries[0]).toMatchObject({ debitAccount: `wallet:${tenant.walletId}`, creditAccount: `revenue:${tenant.accountId}`, share: { account } });
    await tenant.billing.refundCharge({ ...tenant.order(callId), amount: euro(100n) });
    const { dispute } = await tenant.billing.openDispute(tenant.order(callId));
    const { callId: _callId, ...order } = tenant.order(callId);
    await tenant.billing.resolveDispute({ ...order, disputeId: dispute.disputeId, accepted: euro(50n) });
    // By a version of another share: that is about the price, and the share stays the one of the call's own policy.
    await tenant.reRate(callId, await tenant.newVersion({ ...terms, rateMicros: 2n, prices: { ...plainPrices, hostPermille: 900 } }));
    await tenant.billing.refundCharge({ ...tenant.order(callId), amount: euro(7n) });
    const played = await tenant.played(script);
    expect(sharesOf(played.entries.slice(4))).toEqual([
      ['refund', 100n, 34n],
      ['dispute', 50n, 16n],
      ['rerating', 1_000n, 333n],
      ['refund', 7n, 3n],
    ]);
    // 1843 * 333 / 1000, rounded down.
    expect([played.charged, hostSum(played.entries)]).toEqual([1_843n, 613n]);
    expect(new Set(played.entries.map(({ share }) => share?.account))).toEqual(new Set([account]));
    await expectWhole();
  });

  test('stands in the ledger as it is told on the stream, and in the receipt of who is seen alone', async () => {
    const { tenant, callId, entries } = await settledCall();
    await tenant.billing.refundCharge({ ...tenant.order(callId), amount: euro(100n) });
    const told = (await ledgerEvents(nats.bus, tenant.accountId)).flatMap(({ event }) => (event?.$case === 'entryPosted' && event.value.entry?.callId === callId ? [event.value.entry] : []));
    expect(told.slice(0, entries.length)).toEqual(entries.map(toLedgerEntry));
    expect(told.map(({ shareAccount, share }) => [shareAccount, share])).toEqual([66n, 44n, 112n, 111n, 34n].map((micros) => [`host:${tenant.accountId}/${bob}`, euro(micros)]));
    const receipt = toReceipt(await tenant.billing.getReceipt(tenant.accountId, { callId }));
    expect([receipt.hostShare, copyOf(receipt, ReceiptCopy.PAYER).hostShare]).toEqual([undefined, undefined]);
    const copy = copyOf(receipt, ReceiptCopy.COUNTERPART);
    expect([copy.correctedTotal, copy.hostShare]).toEqual([euro(900n), euro(299n)]);
    expect(receiptPage(copy)).toContain('Your share, 33.3 % of what the call costs after all corrections: 0.000299 EUR.');
    expect(receiptPage(receipt)).not.toContain('share,');
  });

  test('of a call that goes on is that of what is charged so far', async () => {
    const tenant = await Tenant.with(stores, 100_000n, terms);
    const script = await tenant.begin();
    await tenant.apply(script.progress('caller', [face(0, 2_500)]));
    const { entries, charged, receipt } = await tenant.played(script);
    expect([charged, hostSum(entries), copyOf(receipt, ReceiptCopy.COUNTERPART).hostShare]).toEqual([667n, 222n, euro(277n)]);
    await expectWhole();
  });

  test('and late reactions come to the same, whichever comes first', async () => {
    const play = async (isLateFirst: boolean) => {
      const tenant = await Tenant.with(stores, 100_000n, terms);
      const script = await tenant.begin();
      await tenant.apply(script.progress('caller', [face(0, 1_500)]), script.completed(3_000));
      await tenant.missDeadline(script.callId);
      const late = async () => tenant.apply(script.progress('caller', [face(1_500, 3_000)]), script.ended('caller', 3_000));
      if (isLateFirst) await late();
      await tenant.billing.refundCharge({ ...tenant.order(script.callId), amount: euro(301n) });
      if (!isLateFirst) await late();
      return tenant.played(script);
    };
    for (const { entries, charged } of [await play(true), await play(false)]) expect([charged, hostSum(entries), entries.length]).toEqual([699n, 232n, 4]);
    await expectWhole();
  });

  test('is right however many refunds are asked for at once, at two replicas', async () => {
    const { tenant, callId, script } = await settledCall();
    const other = replica(stores);
    const refund = (nth: number) => (nth % 2 === 0 ? tenant.billing : other).refundCharge({ ...tenant.order(callId), amount: euro(71n) });
    const outcomes = await Promise.all(Array.from({ length: 16 }, (_, nth) => refund(nth).then(() => 'made', ({ code }: { code: string }) => code)));
    expect(outcomes.filter((outcome) => outcome === 'made')).toHaveLength(14);
    const { entries, charged } = await tenant.played(script);
    expect([charged, hostSum(entries)]).toEqual([6n, 1n]);
    await expectWhole();
  });

  test('of a call that was given back in all is nothing', async () => {
    const { tenant, callId, script } = await settledCall();
    await tenant.billing.refundCharge({ ...tenant.order(callId), amount: euro(1_000n) });
    const { entries, charged } = await tenant.played(script);
    expect([charged, hostSum(entries)]).toEqual([0n, 0n]);
    await expectWhole();
  });

  test('is the caller\'s where the callee pays', async () => {
    const tenant = await Tenant.with(stores, 0n, { ...terms, prices: { ...terms.prices, payer: 'callee', hostPermille: 1_000 } });
    const { accountId, billing } = tenant;
    await billing.topUpWallet({ accountId, requestId: 'bob', address: bob, amount: euro(100_000n), atMs: 0n });
    const script = new CallScript(accountId);
    const { terms: granted, grantedMs } = (await tenant.authorize(script.callId))!;
    const charge = toChargeAuthorization(granted, grantedMs);
    expect(charge).toMatchObject({ payer: Party.CALLEE, policy: { terms: { prices: { payer: Payer.CALLEE, hostPermille: 1_000 } } } });
    await tenant.apply(script.initiated(charge), script.videoStarted('callee'), script.progress('callee', [face(0, 3_000)]), script.ended('callee', 3_000), script.completed(3_000));
    const entries = (await billing.wallets.entries(`${accountId}/${bob}`, 0n, 100)).filter(({ callId }) => callId === script.callId);
    const share = (amountMicros: bigint) => ({ account: `host:${accountId}/${alice}`, amountMicros });
    expect(entries.map((entry) => entry.share)).toEqual([share(333n), share(334n), share(333n)]);
    await expectWhole();
  });

  test('of nothing is no field of an entry', async () => {
    const tenant = await Tenant.with(stores, 100_000n, { ...terms, prices: { ...plainPrices, hostPermille: 0 } });
    const { entries } = await tenant.play([face(0, 1_000)]);
    expect(entries.map((entry) => Object.keys(entry).includes('share'))).toEqual([false]);
  });
});

describe('a policy with a share for the host', () => {
  test.each([
    ['the callee', 'caller', { from: alice, to: 'sip:desk@example.com' }, 'to'],
    ['the caller', 'callee', { from: 'sip:desk@example.com', to: bob }, 'from'],
  ] as const)('refuses a call in which %s is seen and has no address, and holds nothing', async (_who, payer, sides, field) => {
    const tenant = await Tenant.with(stores, 100_000n, { ...terms, prices: { ...terms.prices, payer } });
    const { accountId, billing } = tenant;
    await billing.topUpWallet({ accountId, requestId: 'bob', address: bob, amount: euro(100_000n), atMs: 0n });
    const call = { accountId, callId: newCallId(), ...sides, policyId: '', cause: { id: 'request', atMs: 0n, traceparent: '' } };
    await expect(billing.authorizeCharge(call)).rejects.toMatchObject({ code: 'request.invalid_argument', details: { violations: [expect.objectContaining({ field })] } });
    expect(await billing.charges.find(call.callId)).toBeUndefined();
    // Whoever asks again with an address of the same call is not held to what was refused.
    expect((await billing.authorizeCharge({ ...call, from: alice, to: bob }))?.grantedMs).toBe(10_000n);
  });

  test('without one, whoever is seen may be', async () => {
    const tenant = await Tenant.with(stores, 100_000n, { ...terms, prices: plainPrices });
    const call = { accountId: tenant.accountId, callId: newCallId(), from: alice, to: 'sip:desk@example.com', policyId: '', cause: { id: 'request', atMs: 0n, traceparent: '' } };
    expect((await tenant.billing.authorizeCharge(call))?.grantedMs).toBe(10_000n);
  });
});
