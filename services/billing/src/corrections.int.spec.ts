import { describe, expect, test } from '@jest/globals';
import { Channel, type ReactionInterval } from '@parley/contracts';
import { testBus, testDatabase } from '@parley/testing';
import { toReceipt } from './grpc/convert.ts';
import { evidence } from './test-support/call-script.ts';
import { valuesOf } from './test-support/stream-reader.ts';
import { replica, Tenant } from './test-support/tenant.ts';
import { verifyLedger } from './verify/verify-ledger.ts';

const nats = testBus();
const database = testDatabase();
const stores = { nats, database };
const euro = (micros: bigint) => ({ currency: 'EUR', micros });
const face = (fromMs: number, toMs: number): ReactionInterval => evidence(Channel.FACE, fromMs, toMs);

/** An account whose call of five seconds was settled at 50 000 micro-units, of one euro. */
async function settledCall(balanceMicros = 1_000_000n) {
  const tenant = await Tenant.with(stores, balanceMicros);
  return { tenant, ...(await tenant.play([face(0, 5_000)])) };
}

/** Nothing in the whole database that does not add up. */
async function expectWhole(): Promise<void> {
  expect((await verifyLedger(database.db)).faults).toEqual([]);
}

describe('verify', () => {
  test.each<[string, object, string]>([
    ['without who did it', { $unset: { actor: '' } }, 'a refund says who did it, and why'],
    ['with another reason in words', { $set: { note: 'another' } }, 'its hash is not that of what it says'],
    ['that was turned round', { $set: { reason: 'charge' } }, 'a charge is from'],
    ['of another amount', { $set: { amountMicros: 1n } }, 'the balance after it is'],
  ])('finds an entry of a refund %s', async (_what, change, fault) => {
    const { tenant, callId } = await settledCall();
    const { entry } = await tenant.billing.refundCharge({ ...tenant.order(callId), amount: euro(20_000n) });
    const entries = database.db.collection('ledger_entries');
    const before = (await entries.findOne({ walletId: tenant.walletId, number: entry!.number }))!;
    await entries.updateOne({ _id: before._id }, change);
    expect((await verifyLedger(database.db)).faults).toContainEqual(expect.stringContaining(fault));
    await entries.replaceOne({ _id: before._id }, before);
    await expectWhole();
  });
});

describe('a refund', () => {
  test('gives money back with the sides reversed, says who and why, and is told in the sequence of the call', async () => {
    const { tenant, callId, script } = await settledCall();
    const { correction, entry, record } = await tenant.billing.refundCharge({ ...tenant.order(callId, 'r1'), amount: euro(20_000n) });
    expect(correction).toMatchObject({ reason: 'refund', differenceMicros: -20_000n });
    expect(record.charge.published.chargedMicros).toBe(30_000n);
    expect(entry).toMatchObject({
      debitAccount: `revenue:${tenant.accountId}`,
      creditAccount: `wallet:${tenant.walletId}`,
      amountMicros: 20_000n,
      balanceAfterMicros: 970_000n,
      reason: 'refund',
      causeId: 'r1',
      callId,
      actor: 'ops',
      note: 'a mistake',
    });
    const { receipt, told, charged } = await tenant.played(script);
    expect(charged).toBe(30_000n);
    expect(told.map(({ sequence }) => sequence)).toEqual(told.map((_, nth) => BigInt(nth)));
    expect(valuesOf(told, 'adjusted')).toEqual([{ entryId: `${tenant.walletId}/${String(entry!.number).padStart(12, '0')}`, difference: euro(-20_000n), reason: 'refund', policy: undefined }]);
    expect(receipt).toMatchObject({ total: euro(50_000n), correctedTotal: euro(30_000n) });
    expect(receipt.corrections).toMatchObject([{ kind: 'refund', reason: 'a mistake', actor: 'ops', difference: euro(-20_000n), time: new Date(1_750_000_060_000) }]);
    await expectWhole();
  });

  test('is one, however often and at however many replicas it is asked for', async () => {
    const { tenant, callId } = await settledCall();
    const command = { ...tenant.order(callId, 'r1'), amount: euro(20_000n) };
    const other = replica(stores);
    const made = await Promise.all(Array.from({ length: 20 }, (_, nth) => (nth % 2 === 0 ? tenant.billing : other).refundCharge({ ...command, atMs: BigInt(nth) })));
    expect(new Set(made.map(({ entry }) => entry?.number)).size).toBe(1);
    expect((await tenant.wallet()).balanceMicros).toBe(970_000n);
    for (const changes of [{ amount: euro(1n) }, { note: 'another' }]) {
      await expect(tenant.billing.refundCharge({ ...command, ...changes })).rejects.toMatchObject({ code: 'request.idempotency_conflict' });
    }
  });

  test('and others, asked for at once, never give back more than the call costs', async () => {
    const { tenant, callId } = await settledCall();
    const other = replica(stores);
    const refund = (nth: number) => (nth % 2 === 0 ? tenant.billing : other).refundCharge({ ...tenant.order(callId), amount: euro(9_000n) });
    const outcomes = await Promise.all(Array.from({ length: 12 }, (_, nth) => refund(nth).then(() => 'made', ({ code }: { code: string }) => code)));
    expect(outcomes.sort()).toEqual([...Array.from({ length: 7 }, () => 'charge.refund_exceeds_total'), ...Array.from({ length: 5 }, () => 'made')]);
    expect((await tenant.wallet()).balanceMicros).toBe(995_000n);
  });

  test('of what cannot be given back is refused, and changes nothing', async () => {
    const { tenant, callId, told } = await settledCall();
    const refund = (changes: object) => tenant.billing.refundCharge({ ...tenant.order(callId), amount: euro(1n), ...changes });
    await expect(refund({ amount: euro(50_001n) })).rejects.toMatchObject({ code: 'charge.refund_exceeds_total' });
    await expect(refund({ amount: euro(0n) })).rejects.toMatchObject({ code: 'wallet.invalid_amount' });
    await expect(refund({ amount: euro(-1n) })).rejects.toMatchObject({ code: 'wallet.invalid_amount' });
    await expect(refund({ amount: { currency: 'USD', micros: 1n } })).rejects.toMatchObject({ code: 'charge.currency_mismatch' });
    await expect(refund({ accountId: 'somebody-else' })).rejects.toMatchObject({ code: 'not_found.receipt' });
    const open = await tenant.begin();
    await expect(refund({ callId: open.callId })).rejects.toMatchObject({ code: 'charge.not_settled' });
    await tenant.topUp('most', 9_223_372_036_854_775_807n - 950_000n);
    await expect(refund({})).rejects.toMatchObject({ code: 'wallet.invalid_amount' });
    const after = toReceipt(await tenant.billing.getReceipt(tenant.accountId, callId)).receipt!;
    expect([after.corrections, after.correctedTotal?.micros, (await tenant.wallet()).nextEntry]).toEqual([[], 50_000n, 7n]);
    expect(valuesOf(told, 'adjusted')).toEqual([]);
    await expectWhole();
  });
});
