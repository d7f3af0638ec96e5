import { randomUUID } from 'node:crypto';
import { describe, expect, test } from '@jest/globals';
import { BucketKind } from '@parley/contracts';
import { testBus, testDatabase, testKeys } from '@parley/testing';
import { alice, bob, newCallId } from './test-support/call-script.ts';
import { createSamplePolicy } from './test-support/policy-request.ts';
import { startedBilling } from './test-support/started-billing.ts';
import { ledgerEvents } from './test-support/stream-reader.ts';
import { verifyLedger } from './verify/verify-ledger.ts';

const nats = testBus();
const database = testDatabase();
const keys = testKeys();
const service = startedBilling({ nats, database, keys });
const code = (code: string) => expect.objectContaining({ code });
const newAccount = () => `account-${randomUUID().slice(0, 8)}`;
const euros = (micros: bigint) => ({ currency: 'EUR', micros });

describe('a credit limit', () => {
  const limit = (changes: object = {}) => ({ requestId: randomUUID(), address: alice, limit: euros(250_000n), ...changes });

  test('opens a wallet from which calls are held for below zero', async () => {
    const { billing, authorization } = await service.clients(newAccount());
    const { policyId } = await createSamplePolicy(billing);
    const { wallet } = await billing.setCreditLimit(limit());
    expect(wallet).toMatchObject({ balance: euros(0n), available: euros(250_000n), creditLimit: euros(250_000n) });
    const authorize = () => authorization.authorizeCharge({ callId: newCallId(), from: alice, to: bob, policyId });
    await authorize();
    await authorize();
    await expect(authorize()).rejects.toThrow(code('wallet.insufficient_balance'));
    await billing.setCreditLimit(limit({ limit: euros(0n) }));
    expect((await billing.getWallet({ address: alice })).wallet).toMatchObject({ reserved: euros(200_000n), available: euros(-200_000n), creditLimit: euros(0n) });
  });

  test('is told once, with its actor, and a repeat of an earlier request does not bring its limit back', async () => {
    const accountId = newAccount();
    const { billing } = await service.clients(accountId);
    const first = limit();
    await billing.setCreditLimit(first);
    await billing.setCreditLimit(limit({ limit: euros(7n), requestId: 'second' }));
    const { wallet } = await billing.setCreditLimit(first);
    expect(wallet?.creditLimit).toEqual(euros(7n));
    const told = (await ledgerEvents(nats.bus, accountId)).map(({ event }) => event);
    const walletId = `${accountId}/${alice}`;
    expect(told).toEqual([
      { $case: 'creditLimitSet', value: { walletId, limit: euros(250_000n), number: 0n, nextEntry: 0n, requestId: first.requestId, actor: expect.any(String) } },
      { $case: 'creditLimitSet', value: { walletId, limit: euros(7n), number: 1n, nextEntry: 0n, requestId: 'second', actor: expect.stringMatching(/./) } },
    ]);
    await expect(billing.setCreditLimit({ ...first, limit: euros(1n) })).rejects.toThrow(code('request.idempotency_conflict'));
  });

  test.each<[string, object, string]>([
    ['below zero', { limit: euros(-1n) }, 'wallet.invalid_amount'],
    ['in no currency', { limit: { currency: 'EURO', micros: 1n } }, 'money.unknown_currency'],
    ['that is missing', { limit: undefined }, 'request.invalid_argument'],
    ['of no address', { address: 'alice' }, 'request.invalid_argument'],
    ['without a request id', { requestId: '' }, 'request.invalid_argument'],
  ])('%s is refused', async (_name, changes, expected) => {
    const { billing } = await service.clients('acme');
    await expect(billing.setCreditLimit(limit(changes))).rejects.toThrow(code(expected));
  });

  test('in another currency, or with which the funds are out of range, is refused and changes nothing', async () => {
    const { billing } = await service.clients(newAccount());
    await billing.topUpWallet({ requestId: 'one', address: alice, amount: euros(9_223_372_036_854_775_000n) });
    await expect(billing.setCreditLimit(limit({ limit: { currency: 'USD', micros: 1n } }))).rejects.toThrow(code('wallet.currency_mismatch'));
    await expect(billing.setCreditLimit(limit({ limit: euros(808n) }))).rejects.toThrow(code('wallet.invalid_amount'));
    await billing.setCreditLimit(limit({ limit: euros(800n) }));
    await expect(billing.topUpWallet({ requestId: 'two', address: alice, amount: euros(8n) })).rejects.toThrow(code('wallet.invalid_amount'));
    expect((await billing.getWallet({ address: alice })).wallet?.creditLimit).toEqual(euros(800n));
  });

  test('of many at the same time: each is one change, and the wallet keeps the last', async () => {
    const { billing } = await service.clients(newAccount());
    await Promise.all(Array.from({ length: 30 }, (_, nth) => billing.setCreditLimit(limit({ requestId: `r${nth % 10}`, limit: euros(BigInt(nth % 10)) }))));
    expect((await verifyLedger(database.db)).faults).toEqual([]);
  });
});

describe('a top-up of a part of the balance', () => {
  const expiresAt = new Date(Date.now() + 3_600_000);
  const gift = { kind: BucketKind.PROMOTIONAL, priority: -1, expiresAt };
  const topUp = (changes: object = {}) => ({ requestId: randomUUID(), address: alice, amount: euros(30n), ...changes });

  test('is shown with what is drawn first, and its entry names it', async () => {
    const { billing } = await service.clients(newAccount());
    await billing.topUpWallet(topUp({ amount: euros(100n) }));
    await billing.topUpWallet(topUp({ bucket: gift }));
    await billing.topUpWallet(topUp({ bucket: { kind: BucketKind.PAID, priority: 0, expiresAt: undefined }, amount: euros(1n) }));
    const { wallet } = await billing.topUpWallet(topUp({ bucket: gift, amount: euros(5n) }));
    const name = `promotional/-1/${expiresAt.getTime()}`;
    expect(wallet).toMatchObject({ balance: euros(136n), available: euros(136n) });
    expect(wallet?.buckets).toEqual([
      { name, terms: gift, rest: euros(35n) },
      { name: '', terms: { kind: BucketKind.PAID, priority: 0, expiresAt: undefined }, rest: euros(101n) },
    ]);
    const { entries } = await billing.listLedgerEntries({ address: alice, pageSize: 0, pageToken: '' });
    expect(entries.map(({ bucket }) => bucket)).toEqual(['', name, '', name]);
  });

  test('is done once; with the id of one of another part it is a conflict', async () => {
    const { billing } = await service.clients(newAccount());
    const first = topUp({ bucket: gift });
    const { entryId } = await billing.topUpWallet(first);
    expect((await billing.topUpWallet(first)).entryId).toBe(entryId);
    await expect(billing.topUpWallet({ ...first, bucket: undefined })).rejects.toThrow(code('request.idempotency_conflict'));
    await expect(billing.topUpWallet({ ...first, bucket: { ...gift, priority: 0 } })).rejects.toThrow(code('request.idempotency_conflict'));
  });

  test('of terms that cannot be is refused with all faults, and of one that has expired', async () => {
    const { billing } = await service.clients(newAccount());
    const wrong = { kind: BucketKind.UNSPECIFIED, priority: 1_001, expiresAt: new Date(-1) };
    await expect(billing.topUpWallet(topUp({ bucket: wrong }))).rejects.toMatchObject({
      code: 'request.invalid_argument',
      details: { violations: ['bucket.kind', 'bucket.priority', 'bucket.expires_at'].map((field) => expect.objectContaining({ field })) },
    });
    await expect(billing.topUpWallet(topUp({ bucket: { ...gift, expiresAt: new Date(1_000) } }))).rejects.toThrow(code('wallet.bucket_expired'));
    await expect(billing.getWallet({ address: alice })).rejects.toThrow(code('not_found.wallet'));
  });
});
