import { randomUUID } from 'node:crypto';
import { describe, expect, test } from '@jest/globals';
import { Client, credentials, Metadata } from '@grpc/grpc-js';
import { createPublisher } from '@parley/bus';
import { BillingServiceClient, ChargeAuthorizationServiceClient, CreatePolicyRequest, OnExhausted, PriceTerms, RoundingMode, type Payer, type PolicyTerms } from '@parley/contracts';
import { createClient, errorOfStatus } from '@parley/grpc';
import { eventually, testBus, testDatabase, testKeys } from '@parley/testing';
import { alice, bob, CallScript, newCallId } from './test-support/call-script.ts';
import { createSamplePolicy, sampleProtoTerms } from './test-support/policy-request.ts';
import { startedBilling } from './test-support/started-billing.ts';

const nats = testBus();
const database = testDatabase();
const keys = testKeys();
const service = startedBilling({ nats, database, keys });
const code = (code: string) => expect.objectContaining({ code });
const newAccount = () => `account-${randomUUID().slice(0, 8)}`;
const topUp = (changes: object = {}) => ({ requestId: randomUUID(), address: alice, amount: { currency: 'EUR', micros: 1n }, ...changes });

describe('a policy', () => {
  const create = async (terms: Partial<PolicyTerms>) =>
    (await service.clients('acme')).billing.createPolicy(CreatePolicyRequest.fromPartial({ requestId: randomUUID(), terms: sampleProtoTerms(terms) }));

  test.each<[string, Partial<PolicyTerms>, string, string]>([
    ['a negative rate', { rateMicros: -1n }, 'policy.invalid_terms', 'terms.rate_micros'],
    ['an absurd rate', { rateMicros: 2n ** 63n - 1n }, 'policy.invalid_terms', 'terms.rate_micros'],
    ['an unknown currency', { currency: 'ZZZ' }, 'policy.unknown_currency', 'terms.currency'],
    ['T1 below zero', { faceAbsentMs: -1n }, 'policy.invalid_terms', 'terms.face_absent_ms'],
    ['a unit of nothing', { unitMs: 0n }, 'policy.invalid_terms', 'terms.unit_ms'],
    ['a grid of nothing', { entryGridMs: 0n }, 'policy.invalid_terms', 'terms.entry_grid_ms'],
    ['no rounding', { rounding: RoundingMode.UNSPECIFIED }, 'policy.invalid_terms', 'terms.rounding'],
    ['an unknown way of ending', { onExhausted: 7 as OnExhausted }, 'policy.invalid_terms', 'terms.on_exhausted'],
    ['an unknown payer', { prices: PriceTerms.fromPartial({ payer: 7 as Payer }) }, 'policy.invalid_terms', 'terms.prices.payer'],
    ['a share of more than all', { prices: PriceTerms.fromPartial({ hostPermille: 1_001 }) }, 'policy.invalid_terms', 'terms.prices.host_permille'],
    ['a share below nothing', { prices: PriceTerms.fromPartial({ hostPermille: -1 }) }, 'policy.invalid_terms', 'terms.prices.host_permille'],
    ['a ratio above one', { minFaceAreaRatio: 1.5 }, 'policy.invalid_terms', 'terms.min_face_area_ratio'],
  ])('with %s is refused, with the field', async (_name, terms, expected, field) => {
    await expect(create(terms)).rejects.toMatchObject({ code: expected, details: { violations: [expect.objectContaining({ field })] } });
  });

  test('without terms, or without a request id, is refused', async () => {
    const { billing } = await service.clients('acme');
    await expect(billing.createPolicy({ requestId: 'r', policyId: '', terms: undefined })).rejects.toThrow(code('request.invalid_argument'));
    await expect(billing.createPolicy({ requestId: '', policyId: '', terms: sampleProtoTerms() })).rejects.toThrow(code('request.invalid_argument'));
  });

  test('is the same for the same request, a conflict for another one with its id', async () => {
    const { billing } = await service.clients(newAccount());
    const request = { requestId: 'r', policyId: '', terms: sampleProtoTerms() };
    const first = await billing.createPolicy(request);
    expect(await billing.createPolicy(request)).toEqual(first);
    await expect(billing.createPolicy({ ...request, terms: sampleProtoTerms({ rateMicros: 1n }) })).rejects.toThrow(code('request.idempotency_conflict'));
  });

  test('says what happens where the balance ends, to the call router, too', async () => {
    const { billing, authorization } = await service.clients(newAccount());
    const { policyId } = await createSamplePolicy(billing, { onExhausted: OnExhausted.DOWNGRADE });
    expect((await billing.getPolicy({ policyId, version: 0 })).policy?.terms?.onExhausted).toBe(OnExhausted.DOWNGRADE);
    await billing.topUpWallet(topUp({ amount: { currency: 'EUR', micros: 1_000_000n } }));
    const granted = await authorization.authorizeCharge({ callId: newCallId(), from: alice, to: bob, policyId });
    expect(granted.authorization?.policy?.terms?.onExhausted).toBe(OnExhausted.DOWNGRADE);
  });

  test('has immutable versions', async () => {
    const { billing } = await service.clients(newAccount());
    const { policyId } = await createSamplePolicy(billing);
    const { policy } = await billing.createPolicy({ requestId: 'second', policyId, terms: sampleProtoTerms({ rateMicros: 7n }) });
    expect(policy).toMatchObject({ policyId, version: 2 });
    expect((await billing.getPolicy({ policyId, version: 1 })).policy?.terms?.rateMicros).toBe(600_000n);
    expect((await billing.getPolicy({ policyId, version: 0 })).policy).toEqual(policy);
    await expect(billing.getPolicy({ policyId, version: 3 })).rejects.toThrow(code('not_found.policy'));
  });

  test('of another account is not there', async () => {
    const { policyId } = await createSamplePolicy((await service.clients(newAccount())).billing);
    const { billing, authorization } = await service.clients(newAccount());
    await expect(billing.getPolicy({ policyId, version: 0 })).rejects.toThrow(code('not_found.policy'));
    await expect(billing.setDefaultPolicy({ policyId })).rejects.toThrow(code('not_found.policy'));
    await expect(billing.createPolicy({ requestId: 'r', policyId, terms: sampleProtoTerms() })).rejects.toThrow(code('not_found.policy'));
    const call = { callId: newCallId(), from: alice, to: bob, policyId };
    await expect(authorization.authorizeCharge(call)).rejects.toThrow(code('not_found.policy'));
  });

  test('that is no id is not looked for', async () => {
    const { billing } = await service.clients('acme');
    await expect(billing.getPolicy({ policyId: '../other/pol', version: 0 })).rejects.toThrow(code('not_found.policy'));
  });
});

describe('a top-up', () => {
  test('does not pass over an entry that somebody else wrote in its place', async () => {
    const accountId = newAccount();
    const { billing } = await service.clients(accountId);
    await database.db.collection('ledger_entries').insertOne({ _id: `${accountId}/${alice}/000000000000` as never, amountMicros: 5n, hash: 'forged' });
    await expect(billing.topUpWallet(topUp())).rejects.toThrow(code('ledger.conflict'));
  });

  test.each<[string, object, string]>([
    ['of a negative amount', { amount: { currency: 'EUR', micros: -1n } }, 'wallet.invalid_amount'],
    ['of nothing', { amount: { currency: 'EUR', micros: 0n } }, 'wallet.invalid_amount'],
    ['in no currency', { amount: { currency: 'EURO', micros: 1n } }, 'money.unknown_currency'],
    ['without an amount', { amount: undefined }, 'request.invalid_argument'],
    ['of no address', { address: 'alice' }, 'request.invalid_argument'],
    ['of an address that would break a key', { address: 'client:a/b' }, 'request.invalid_argument'],
    ['without a request id', { requestId: '' }, 'request.invalid_argument'],
    ['with a request id that is too long', { requestId: 'x'.repeat(129) }, 'request.invalid_argument'],
  ])('%s is refused', async (_name, changes, expected) => {
    const { billing } = await service.clients('acme');
    await expect(billing.topUpWallet(topUp(changes))).rejects.toThrow(code(expected));
  });

  test('beyond int64, or in a second currency, is refused and changes nothing', async () => {
    const { billing } = await service.clients(newAccount());
    const most = 9_223_372_036_854_775_807n;
    await billing.topUpWallet(topUp({ amount: { currency: 'EUR', micros: most } }));
    await expect(billing.topUpWallet(topUp())).rejects.toThrow(code('wallet.invalid_amount'));
    await expect(billing.topUpWallet(topUp({ amount: { currency: 'USD', micros: 1n } }))).rejects.toThrow(code('wallet.currency_mismatch'));
    expect((await billing.getWallet({ address: alice })).wallet?.balance).toEqual({ currency: 'EUR', micros: most });
    expect((await billing.listLedgerEntries({ address: alice, pageSize: 0, pageToken: '' })).entries).toHaveLength(1);
  });

  test.each<[string, object]>([
    ['amount', { amount: { currency: 'EUR', micros: 2n } }],
    ['currency', { amount: { currency: 'USD', micros: 1n } }],
    ['address', { address: bob }],
  ])('with the id of one of another %s is a conflict', async (_name, changes) => {
    const { billing } = await service.clients(newAccount());
    const first = topUp();
    const { entryId } = await billing.topUpWallet(first);
    expect((await billing.topUpWallet(first)).entryId).toBe(entryId);
    await expect(billing.topUpWallet({ ...first, ...changes })).rejects.toThrow(code('request.idempotency_conflict'));
  });
});

describe('a wallet', () => {
  test('that was never filled, and one of another account, are not there', async () => {
    const owner = await service.clients(newAccount());
    await owner.billing.topUpWallet(topUp());
    const { billing } = await service.clients(newAccount());
    await expect(billing.getWallet({ address: alice })).rejects.toThrow(code('not_found.wallet'));
    await expect(billing.listLedgerEntries({ address: alice, pageSize: 0, pageToken: '' })).rejects.toThrow(code('not_found.wallet'));
  });

  test('lists its entries page by page', async () => {
    const { billing } = await service.clients(newAccount());
    for (let index = 0; index < 5; index += 1) await billing.topUpWallet(topUp());
    const first = await billing.listLedgerEntries({ address: alice, pageSize: 3, pageToken: '' });
    const second = await billing.listLedgerEntries({ address: alice, pageSize: 3, pageToken: first.nextPageToken });
    expect([first.entries.length, second.entries.length, second.nextPageToken]).toEqual([3, 2, '']);
    expect(new Set([...first.entries, ...second.entries].map(({ entryId }) => entryId)).size).toBe(5);
    await expect(billing.listLedgerEntries({ address: alice, pageSize: 3, pageToken: 'x' })).rejects.toThrow(code('request.invalid_argument'));
  });
});

describe('an authorisation', () => {
  test('is refused at a balance of zero, and in another currency', async () => {
    const { billing, authorization } = await service.clients(newAccount());
    const { policyId } = await createSamplePolicy(billing);
    const call = { callId: newCallId(), from: alice, to: bob, policyId };
    await expect(authorization.authorizeCharge(call)).rejects.toThrow(code('wallet.insufficient_balance'));
    await billing.topUpWallet(topUp({ amount: { currency: 'USD', micros: 9_000_000n } }));
    await expect(authorization.authorizeCharge(call)).rejects.toThrow(code('wallet.currency_mismatch'));
  });

  test('that was refused is granted to the same call after a top-up', async () => {
    const { billing, authorization } = await service.clients(newAccount());
    const { policyId } = await createSamplePolicy(billing);
    const call = { callId: newCallId(), from: alice, to: bob, policyId };
    await expect(authorization.authorizeCharge(call)).rejects.toThrow(code('wallet.insufficient_balance'));
    await billing.topUpWallet(topUp({ amount: { currency: 'EUR', micros: 100_000n } }));
    expect((await authorization.authorizeCharge(call)).authorization?.grantedUntilMs).toBe(10_000n);
  });

  test('of a call without a policy is no charge', async () => {
    const { authorization } = await service.clients(newAccount());
    expect(await authorization.authorizeCharge({ callId: newCallId(), from: alice, to: bob, policyId: '' })).toEqual({ authorization: undefined });
  });

  test.each([
    ['call id', { callId: 'CA1' }],
    ['caller', { from: 'nobody' }],
  ])('with a malformed %s is refused', async (_name, changes) => {
    const { authorization } = await service.clients('acme');
    const call = { callId: newCallId(), from: alice, to: bob, policyId: '', ...changes };
    await expect(authorization.authorizeCharge(call)).rejects.toThrow(code('request.invalid_argument'));
  });

  test("of another account's call cannot be extended, released or seen", async () => {
    const owner = await service.clients(newAccount());
    const { policyId } = await createSamplePolicy(owner.billing);
    await owner.billing.topUpWallet(topUp({ amount: { currency: 'EUR', micros: 900_000n } }));
    const callId = newCallId();
    await owner.authorization.authorizeCharge({ callId, from: alice, to: bob, policyId });
    const { billing, authorization } = await service.clients(newAccount());
    await expect(authorization.extendGrant({ callId })).rejects.toThrow(code('grant.not_found'));
    await expect(authorization.releaseGrant({ callId })).rejects.toThrow(code('grant.not_found'));
    await expect(billing.getReceipt({ callId })).rejects.toThrow(code('not_found.receipt'));
  });

  test('that is not there', async () => {
    const { billing, authorization } = await service.clients('acme');
    const callId = newCallId();
    await expect(authorization.extendGrant({ callId })).rejects.toThrow(code('grant.not_found'));
    await expect(authorization.releaseGrant({ callId })).rejects.toThrow(code('grant.not_found'));
    await expect(billing.getReceipt({ callId })).rejects.toThrow(code('not_found.receipt'));
  });
});

describe('a request', () => {
  const address = () => `127.0.0.1:${service.port(0).grpcPort}`;

  test('without a token, with a wrong one, or of another scope is refused', async () => {
    const device = { address: address(), token: await keys.token({ scope: 'device' }) };
    const api = { address: address(), token: await keys.token({ scope: 'api' }) };
    const clients = [
      createClient(BillingServiceClient, { address: address() }),
      createClient(BillingServiceClient, { address: address(), token: 'x.y.z' }),
      createClient(BillingServiceClient, device),
    ];
    const codes = await Promise.all(clients.map((client) => client.getWallet({ address: alice }).catch((error: { code: string }) => error.code)));
    expect(codes).toEqual(['auth.missing', 'auth.malformed', 'auth.wrong_scope']);
    const authorization = createClient(ChargeAuthorizationServiceClient, api);
    await expect(authorization.extendGrant({ callId: newCallId() })).rejects.toThrow(code('auth.wrong_scope'));
    for (const client of [...clients, authorization]) client.close();
  });

  test('that is not protobuf is refused', async () => {
    const client = new Client(address(), credentials.createInsecure());
    const metadata = new Metadata();
    metadata.set('authorization', `Bearer ${await keys.token({ scope: 'api' })}`);
    const path = BillingServiceClient.service.topUpWallet.path;
    const failure = await new Promise<unknown>((resolve) => {
      const raw = (bytes: Buffer) => bytes;
      client.makeUnaryRequest(path, raw, raw, Buffer.from([0xff, 0xff, 0xff]), metadata, (error) => resolve(error));
    });
    expect(errorOfStatus(failure)).toMatchObject({ code: 'request.malformed' });
    client.close();
  });
});

describe('an event that cannot be applied', () => {
  test('parks its own call and no other, and can be seen and redriven', async () => {
    const accountId = newAccount();
    const { billing, parking } = await service.clients(accountId);
    const bad = new CallScript(accountId);
    const good = new CallScript(accountId);
    const publisher = createPublisher(nats.bus);
    // A charge on the wallet of another account: no router may say that.
    const policy = await createSamplePolicy(billing);
    const charge = (of: string) => ({ walletId: `${of}/${alice}`, payer: 1 as const, policy, grantedUntilMs: 0n, utcOffsetMinutes: 0, calleeWalletId: '' });
    await publisher.publish(bad.initiated(charge('somebody-else')));
    await publisher.publish(good.initiated(charge(accountId)));
    await publisher.publish(good.completed(1));
    await eventually(async () => expect((await billing.getReceipt({ callId: good.callId })).receipt?.settled).toBe(true));
    await eventually(async () => {
      const { calls } = await parking.listParkedCalls({ pageSize: 0, pageToken: '' });
      expect(calls).toContainEqual(expect.objectContaining({ callId: bad.callId, code: 'bus.malformed_event', events: 1 }));
    });
    await expect(parking.redriveCall({ callId: bad.callId })).rejects.toThrow(code('bus.handler_failed'));
    await expect(parking.redriveCall({ callId: newCallId() })).rejects.toThrow(code('not_found.parked_call'));
  });
});

describe('a free call', () => {
  test('lets its reactions pass, and has no receipt', async () => {
    const accountId = newAccount();
    const { billing, parking } = await service.clients(accountId);
    const script = new CallScript(accountId);
    const publisher = createPublisher(nats.bus);
    for (const event of [script.observing('caller'), script.initiated(), script.videoStarted('caller'), script.completed(5), script.ended('caller', 5)]) {
      await publisher.publish(event);
    }
    await eventually(async () => expect(await database.db.collection('charges').findOne({ _id: script.callId as never })).toMatchObject({ charge: { status: 'free' } }));
    await expect(billing.getReceipt({ callId: script.callId })).rejects.toThrow(code('not_found.receipt'));
    const { calls } = await parking.listParkedCalls({ pageSize: 0, pageToken: '' });
    expect(calls.map(({ callId }) => callId)).not.toContain(script.callId);
  });
});
