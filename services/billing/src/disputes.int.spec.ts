import { describe, expect, test } from '@jest/globals';
import { Channel, DisputeState, ReceiptCopy } from '@parley/contracts';
import { testBus, testDatabase } from '@parley/testing';
import { copyOf, toReceipt } from './grpc/convert.ts';
import { evidence } from './test-support/call-script.ts';
import { ledgerEvents, valuesOf } from './test-support/stream-reader.ts';
import { replica, Tenant } from './test-support/tenant.ts';
import { verifyLedger } from './verify/verify-ledger.ts';

const nats = testBus();
const database = testDatabase();
const stores = { nats, database };
const euro = (micros: bigint) => ({ currency: 'EUR', micros });

/** A call that was settled at 50 000 micro-units, and is disputed. */
async function disputedCall() {
  const tenant = await Tenant.with(stores, 1_000_000n);
  const call = await tenant.play([evidence(Channel.FACE, 0, 5_000)]);
  const { dispute } = await tenant.billing.openDispute({ ...tenant.order(call.callId, 'open'), note: 'nobody was there' });
  const resolve = (micros: bigint | undefined, changes: object = {}, billing = tenant.billing) => {
    const { callId: _callId, ...order } = tenant.order(call.callId);
    return billing.resolveDispute({ ...order, disputeId: dispute.disputeId, accepted: micros === undefined ? undefined : euro(micros), ...changes });
  };
  return { tenant, dispute, resolve, ...call };
}

describe('a dispute', () => {
  test('that is accepted gives a part back by one entry, and the receipt shows all of it', async () => {
    const { tenant, script, dispute, resolve } = await disputedCall();
    expect((await tenant.played(script)).receipt.disputes).toMatchObject([{ disputeId: dispute.disputeId, state: DisputeState.OPEN, opened: { reason: 'nobody was there', actor: 'ops' }, resolved: undefined }]);
    const { made, record } = await resolve(15_000n, { note: 'so it was' });
    expect(made?.entry).toMatchObject({ debitAccount: `revenue:${tenant.accountId}`, creditAccount: `wallet:${tenant.walletId}`, amountMicros: 15_000n, reason: 'dispute', actor: 'ops', note: 'so it was' });
    expect(record.charge.published.chargedMicros).toBe(35_000n);
    const { receipt, told, charged, wallet } = await tenant.played(script);
    expect([charged, wallet.balanceMicros]).toEqual([35_000n, 965_000n]);
    expect(receipt).toMatchObject({
      correctedTotal: euro(35_000n),
      corrections: [{ kind: 'dispute', reason: 'so it was', difference: euro(-15_000n) }],
      disputes: [{ state: DisputeState.ACCEPTED, amount: euro(15_000n), resolved: { reason: 'so it was', time: new Date(1_750_000_060_000) } }],
    });
    expect(valuesOf(told, 'adjusted')).toMatchObject([{ reason: 'dispute', difference: euro(-15_000n) }]);
    expect(told.map(({ sequence }) => sequence)).toEqual(told.map((_, nth) => BigInt(nth)));
    expect((await verifyLedger(database.db)).faults).toEqual([]);
  });

  test('that is rejected books and tells nothing, and another one may be opened', async () => {
    const { tenant, callId, script, resolve } = await disputedCall();
    expect((await resolve(undefined)).made).toBeUndefined();
    const { receipt, told } = await tenant.played(script);
    expect([receipt.disputes[0]?.state, receipt.corrections, valuesOf(told, 'adjusted')]).toEqual([DisputeState.REJECTED, [], []]);
    await tenant.billing.openDispute(tenant.order(callId, 'second'));
    expect((await tenant.played(script)).receipt.disputes.map(({ state }) => state)).toEqual([DisputeState.REJECTED, DisputeState.OPEN]);
  });

  test('is told step by step on the LEDGER stream, behind what it gives back, with who asked and why', async () => {
    const { tenant, callId, dispute, resolve } = await disputedCall();
    await Promise.all(Array.from({ length: 4 }, (_, nth) => resolve(15_000n, { requestId: 'accept', note: 'so it was' }, nth % 2 === 0 ? tenant.billing : replica(stores))));
    const told = (await ledgerEvents(nats.bus, tenant.accountId)).slice(-3);
    const open = { disputeId: dispute.disputeId, state: DisputeState.OPEN, opened: { reason: 'nobody was there', actor: 'ops', time: new Date(1_750_000_060_000) } };
    expect(told).toMatchObject([
      { accountId: tenant.accountId, event: { $case: 'disputeChanged', value: { callId, requestId: 'open', dispute: open } } },
      { event: { $case: 'entryPosted', value: { entry: { reason: 'dispute' } } } },
      { event: { $case: 'disputeChanged', value: { callId, requestId: 'accept', dispute: { ...open, state: DisputeState.ACCEPTED, amount: euro(15_000n), resolved: { reason: 'so it was', actor: 'ops' } } } } },
    ]);
  });

  test('is resolved once: the same way again is the same, another way is refused', async () => {
    const { tenant, resolve } = await disputedCall();
    const other = replica(stores);
    const made = await Promise.all(Array.from({ length: 10 }, (_, nth) => resolve(15_000n, {}, nth % 2 === 0 ? tenant.billing : other)));
    expect(new Set(made.map((one) => one.made?.entry?.number)).size).toBe(1);
    for (const micros of [14_999n, undefined]) await expect(resolve(micros)).rejects.toMatchObject({ code: 'dispute.resolved' });
    expect((await tenant.wallet()).balanceMicros).toBe(965_000n);
  });

  test('that two resolve differently at once is resolved one way', async () => {
    const { tenant, resolve } = await disputedCall();
    const other = replica(stores);
    const outcomes = await Promise.all([resolve(10_000n), resolve(undefined, {}, other), resolve(20_000n, {}, other)].map((asked) => asked.then(() => 'resolved', ({ code }: { code: string }) => code)));
    expect(outcomes.sort()).toEqual(['dispute.resolved', 'dispute.resolved', 'resolved']);
    expect([950_000n, 960_000n, 970_000n]).toContain((await tenant.wallet()).balanceMicros);
    expect((await verifyLedger(database.db)).faults).toEqual([]);
  });

  test('is one for the same request; while it is open there is no other', async () => {
    const { tenant, callId, dispute } = await disputedCall();
    const again = { ...tenant.order(callId, 'open'), note: 'nobody was there' };
    expect((await tenant.billing.openDispute(again)).dispute).toEqual(dispute);
    await expect(tenant.billing.openDispute({ ...again, note: 'else' })).rejects.toMatchObject({ code: 'request.idempotency_conflict' });
    await expect(tenant.billing.openDispute(tenant.order(callId, 'second'))).rejects.toMatchObject({ code: 'dispute.already_open' });
  });

  test('of what cannot be given back, or of another account, is refused and stays open', async () => {
    const { tenant, callId, resolve } = await disputedCall();
    await expect(resolve(50_001n)).rejects.toMatchObject({ code: 'charge.refund_exceeds_total' });
    await expect(resolve(0n)).rejects.toMatchObject({ code: 'wallet.invalid_amount' });
    await expect(resolve(1n, { accepted: { currency: 'USD', micros: 1n } })).rejects.toMatchObject({ code: 'charge.currency_mismatch' });
    await expect(resolve(1n, { accountId: 'somebody-else' })).rejects.toMatchObject({ code: 'not_found.dispute' });
    for (const disputeId of ['', 'x', `${callId}-0123456789ab`]) await expect(resolve(1n, { disputeId })).rejects.toMatchObject({ code: 'not_found.dispute' });
    const open = await tenant.begin();
    await expect(tenant.billing.openDispute(tenant.order(open.callId))).rejects.toMatchObject({ code: 'charge.not_settled' });
    const receipt = toReceipt(await tenant.billing.getReceipt(tenant.accountId, { callId }));
    expect(receipt).toMatchObject({ disputes: [{ state: DisputeState.OPEN }], correctedTotal: euro(50_000n) });
    expect(copyOf(receipt, ReceiptCopy.COUNTERPART)).toMatchObject({ disputes: [], walletId: '', correctedTotal: euro(50_000n) });
  });
});
