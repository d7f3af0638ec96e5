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
    expect(valuesOf(told, 'adjusted')).toEqual([{ entryId: `${tenant.walletId}/${String(entry!.number).padStart(12, '0')}`, difference: euro(-20_000n), reason: 'refund', policy: undefined, utcOffsetMinutes: 0 }]);
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
    const after = toReceipt(await tenant.billing.getReceipt(tenant.accountId, { callId }));
    expect([after.corrections, after.correctedTotal?.micros, (await tenant.wallet()).nextEntry]).toEqual([[], 50_000n, 7n]);
    expect(valuesOf(told, 'adjusted')).toEqual([]);
    await expectWhole();
  });
});

describe('a re-rating', () => {
  test('books one difference, up or down, names the version, and says the call as it rates it', async () => {
    const { tenant, callId, script } = await settledCall();
    const half = await tenant.reRate(callId, await tenant.newVersion({ rateMicros: 300_000n }));
    expect(half.entry).toMatchObject({ debitAccount: `revenue:${tenant.accountId}`, amountMicros: 25_000n, reason: 'rerating', basis: { policyId: tenant.policyId, policyVersion: 2 }, actor: 'ops', note: 'a mistake' });
    expect(half.rating).toMatchObject({ totalMicros: 25_000n, lines: [{ reason: 'face', amountMicros: 25_000n }] });
    const twice = await tenant.reRate(callId, await tenant.newVersion({ rateMicros: 1_200_000n }));
    expect(twice.entry).toMatchObject({ debitAccount: `wallet:${tenant.walletId}`, creditAccount: `revenue:${tenant.accountId}`, amountMicros: 75_000n, balanceAfterMicros: 900_000n });
    const { told, wallet, receipt } = await tenant.played(script);
    expect(wallet).toMatchObject({ balanceMicros: 900_000n, holds: {} });
    expect(valuesOf(told, 'adjusted').map(({ reason, difference, policy }) => [reason, difference?.micros, policy?.version])).toEqual([['rerating', -25_000n, 2], ['rerating', 75_000n, 3]]);
    expect(receipt).toMatchObject({ policy: { version: 1 }, total: euro(50_000n), correctedTotal: euro(100_000n), corrections: [{ policyId: tenant.policyId, policyVersion: 2 }, { policyVersion: 3 }] });
    await expectWhole();
  });

  test('to the version that it is rated by already books and tells nothing, and stays nothing when it comes again', async () => {
    const { tenant, callId, script } = await settledCall();
    const idle = tenant.order(callId, 'idle');
    const nothing = await tenant.reRate(callId, 1, idle);
    expect([nothing.correction.differenceMicros, nothing.entry]).toEqual([0n, undefined]);
    await tenant.reRate(callId, await tenant.newVersion({ rateMicros: 300_000n }));
    expect((await tenant.reRate(callId, 1, idle)).entry).toBeUndefined();
    const { told, charged } = await tenant.played(script);
    expect([valuesOf(told, 'adjusted').length, charged]).toEqual([1, 25_000n]);
  });

  test('to another version of the same price books nothing, and tells of the version', async () => {
    const { tenant, callId, script } = await settledCall();
    const { entry } = await tenant.reRate(callId, await tenant.newVersion({ entryGridMs: 2_000n }));
    expect(entry).toBeUndefined();
    expect(valuesOf((await tenant.played(script)).told, 'adjusted')).toMatchObject([{ entryId: '', difference: euro(0n), reason: 'rerating', policy: { version: 2 } }]);
    await expectWhole();
  });

  test('tried without being done changes nothing, and takes no request id', async () => {
    const { tenant, callId, script } = await settledCall();
    const version = await tenant.newVersion({ rateMicros: 300_000n });
    const order = tenant.order(callId, 'r1');
    const tried = await tenant.reRate(callId, version, { ...order, dryRun: true });
    expect([tried.correction.differenceMicros, tried.record.charge.published.chargedMicros, tried.entry]).toEqual([-25_000n, 25_000n, undefined]);
    expect(await tenant.played(script)).toMatchObject({ charged: 50_000n, receipt: { corrections: [] } });
    expect((await tenant.reRate(callId, 1, order)).correction.differenceMicros).toBe(0n);
  });

  test('that the wallet does not cover is refused and changes nothing; after a top-up it is made', async () => {
    const { tenant, callId, script } = await settledCall(100_000n);
    const version = await tenant.newVersion({ rateMicros: 1_200_001n, rounding: 'up' });
    const order = tenant.order(callId, 'r1');
    await expect(tenant.reRate(callId, version, order)).rejects.toMatchObject({ code: 'wallet.insufficient_balance' });
    expect(await tenant.played(script)).toMatchObject({ charged: 50_000n, receipt: { corrections: [] }, wallet: { balanceMicros: 50_000n, holds: {} } });
    await tenant.topUp('more', 1n);
    expect((await tenant.reRate(callId, version, order)).entry).toMatchObject({ amountMicros: 50_001n, balanceAfterMicros: 0n });
    await expectWhole();
  });

  test('looks for what is held for calls that are over before it is called not covered', async () => {
    const { tenant, callId } = await settledCall(150_000n);
    const over = await tenant.begin();
    await tenant.apply(over.ended('caller', 1), over.completed(1));
    const version = await tenant.newVersion({ rateMicros: 1_200_000n });
    // A replica that was paused past its lease holds all that there is for a call that its successor settled.
    const owner = { walletId: tenant.walletId, accountId: tenant.accountId };
    await tenant.billing.wallets.hold(owner, { callId: over.callId, currency: 'EUR', steps: [{ untilMs: 9n, coverMicros: 100_000n }], postedMicros: 0n, atMs: 0n });
    expect((await tenant.reRate(callId, version)).entry).toMatchObject({ amountMicros: 50_000n });
    expect((await tenant.wallet()).holds).toEqual({});
    await expectWhole();
  });

  test('asked for at once at two replicas, by one request or by many, never takes what it does not have to', async () => {
    const { tenant, callId, script } = await settledCall(130_000n);
    const version = await tenant.newVersion({ rateMicros: 1_200_000n });
    const other = replica(stores);
    const ask = (nth: number) =>
      (nth % 2 === 0 ? tenant.billing : other).reRateCharge({ ...tenant.order(callId, `r${nth % 5}`), policyId: tenant.policyId, version, dryRun: false });
    await Promise.all(Array.from({ length: 20 }, (_, nth) => ask(nth)));
    const { charged, wallet, told } = await tenant.played(script);
    expect([charged, wallet.balanceMicros, wallet.holds]).toEqual([100_000n, 30_000n, {}]);
    expect(told.map(({ sequence }) => sequence)).toEqual(told.map((_, nth) => BigInt(nth)));
    await expectWhole();
  });

  test('that a crash left off holds its amount until it is sent again; what another one has overtaken is found and given back', async () => {
    const { tenant, callId } = await settledCall(150_000n);
    const { wallets } = tenant.billing;
    const owner = { walletId: tenant.walletId, accountId: tenant.accountId };
    const sequence = (await tenant.billing.getReceipt(tenant.accountId, { callId })).charge.published.nextSequence;
    const holdId = `${callId}/${sequence}`;
    await wallets.hold(owner, { callId: holdId, currency: 'EUR', steps: [{ untilMs: 40_000n, coverMicros: 40_000n }], postedMicros: 0n, atMs: 0n });
    // It may be under way yet: 60 000 are left, and nobody gives back the rest.
    await expect(tenant.authorize()).rejects.toMatchObject({ code: 'wallet.insufficient_balance' });
    await tenant.billing.refundCharge({ ...tenant.order(callId), amount: euro(1n) });
    expect((await tenant.authorize())?.grantedMs).toBe(10_000n);
    expect(Object.keys((await tenant.wallet()).holds)).not.toContain(holdId);
  });

  test('in another currency, of no policy, or of another account\'s call is refused', async () => {
    const { tenant, callId } = await settledCall();
    const dollars = await tenant.newVersion({ currency: 'USD' });
    await expect(tenant.reRate(callId, dollars)).rejects.toMatchObject({ code: 'charge.currency_mismatch' });
    await expect(tenant.reRate(callId, 9)).rejects.toMatchObject({ code: 'not_found.policy' });
    const other = await Tenant.with(stores, 0n);
    await expect(other.reRate(callId, 1)).rejects.toMatchObject({ code: 'not_found.receipt' });
  });

  test('and late reactions come to the same, whichever comes first', async () => {
    const play = async (isLateFirst: boolean) => {
      const tenant = await Tenant.with(stores, 1_000_000n);
      const script = await tenant.begin();
      await tenant.apply(script.progress('caller', [face(0, 2_000)]), script.completed(5_000));
      await tenant.missDeadline(script.callId);
      const late = async () => tenant.apply(script.progress('caller', [face(2_000, 5_000)]), script.ended('caller', 5_000));
      if (isLateFirst) await late();
      await tenant.billing.refundCharge({ ...tenant.order(script.callId), amount: euro(7_000n) });
      await tenant.reRate(script.callId, await tenant.newVersion({ rateMicros: 300_000n }));
      if (!isLateFirst) await late();
      return tenant.played(script);
    };
    const [first, last] = [await play(true), await play(false)];
    for (const { charged, receipt, wallet } of [first, last]) {
      expect([charged, receipt.correctedTotal?.micros, wallet.balanceMicros, wallet.holds]).toEqual([18_000n, 18_000n, 982_000n, {}]);
    }
    expect(first.receipt.corrections.map(({ kind }) => kind)).toEqual(['late_reaction', 'refund', 'rerating']);
    expect(last.receipt.corrections.map(({ kind, difference }) => [kind, difference?.micros])).toEqual([['refund', -7_000n], ['rerating', -10_000n], ['late_reaction', 15_000n]]);
    await expectWhole();
  });
});

describe('late reactions that the wallet does not cover', () => {
  /** Settled at 20 000 of 100 000 micro-units; what came late costs 100 000 more. */
  async function owingCall() {
    const tenant = await Tenant.with(stores, 100_000n);
    const script = await tenant.begin();
    await tenant.apply(script.progress('caller', [face(0, 2_000)]), script.completed(12_000));
    await tenant.missDeadline(script.callId);
    await tenant.apply(script.ended('caller', 12_000, [face(2_000, 12_000)]));
    const collect = (billing = tenant.billing, isOwn = true) => billing.collectLate((callId) => isOwn && callId === script.callId, 1_750_000_090_000n);
    return { tenant, script, collect };
  }

  test('are charged once it does, by one of many replicas, at the time at which it was found', async () => {
    const { tenant, script, collect } = await owingCall();
    const stored = () => database.db.collection('charges').findOne({ _id: script.callId as never });
    const before = await stored();
    await collect();
    expect(await stored()).toEqual(before);
    expect(await tenant.played(script)).toMatchObject({ charged: 20_000n, wallet: { balanceMicros: 80_000n, holds: {} }, receipt: { corrections: [] } });
    await tenant.topUp('more', 20_000n);
    await collect(tenant.billing, false);
    expect((await tenant.played(script)).charged).toBe(20_000n);
    await Promise.all(Array.from({ length: 6 }, () => collect(replica(stores))));
    await collect();
    const { charged, told, wallet, entries } = await tenant.played(script);
    expect([charged, wallet.balanceMicros, wallet.holds]).toEqual([120_000n, 0n, {}]);
    expect(entries.at(-1)).toMatchObject({ reason: 'adjustment', amountMicros: 100_000n, atMs: 1_750_000_090_000n });
    expect(valuesOf(told, 'adjusted')).toEqual([expect.objectContaining({ difference: euro(100_000n), reason: 'late_reaction' })]);
    expect(told.at(-1)).toMatchObject({ type: 'billing.adjusted', time: new Date(1_750_000_090_000), causationId: `${script.callId}/late` });
    await expectWhole();
  });

  test('are covered by a higher limit, too, and less once something was given back', async () => {
    const { tenant, script, collect } = await owingCall();
    await tenant.billing.refundCharge({ ...tenant.order(script.callId), amount: euro(5_000n) });
    await tenant.setCreditLimit(20_000n);
    await collect();
    const { charged, wallet } = await tenant.played(script);
    expect([charged, wallet.balanceMicros, wallet.holds]).toEqual([115_000n, -15_000n, {}]);
    await expectWhole();
  });

  test('do not keep others from being charged, if something is wrong with their call', async () => {
    const calls = [await owingCall(), await owingCall(), await owingCall()];
    for (const { tenant } of calls) await tenant.topUp('more', 20_000n);
    const [{ script: first }, { tenant, script }, { script: last }] = calls as [typeof calls[0], typeof calls[0], typeof calls[0]];
    const broken = { _id: { $in: [first.callId, last.callId] as never[] } };
    await database.db.collection('charges').updateMany(broken, { $unset: { attributes: '' } });
    const ours = (callId: string) => calls.some((call) => call.script.callId === callId);
    await expect(tenant.billing.collectLate(ours, 1_750_000_090_000n)).rejects.toMatchObject({ code: 'internal' });
    expect((await tenant.played(script)).charged).toBe(120_000n);
    await database.db.collection('charges').deleteMany(broken);
  });
});
