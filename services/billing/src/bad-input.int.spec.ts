import { randomUUID } from 'node:crypto';
import { describe, expect, test } from '@jest/globals';
import { Client, credentials, Metadata } from '@grpc/grpc-js';
import { createPublisher, type BusEvent } from '@parley/bus';
import { BillingServiceClient, Channel, ChargeAuthorizationServiceClient, ChargeReason, CreatePolicyRequest, IntervalKind, RoundingMode, SimulateChargeRequest, type PolicyTerms } from '@parley/contracts';
import { createClient, errorOfStatus } from '@parley/grpc';
import { eventually, testBus, testDatabase, testKeys } from '@parley/testing';
import { alice, bob, CallScript, evidence, interval, newCallId } from './test-support/call-script.ts';
import { createSamplePolicy, sampleProtoTerms } from './test-support/policy-request.ts';
import { startedBilling, type BillingClient } from './test-support/started-billing.ts';

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

describe('a correction', () => {
  const callId = newCallId();
  const refund = (changes: object = {}) => ({ requestId: randomUUID(), callId, amount: { currency: 'EUR', micros: 1n }, reason: 'a mistake', ...changes });
  const reRating = (changes: object = {}) => ({ requestId: randomUUID(), callId, policyId: 'pol-0', version: 0, reason: 'a mistake', dryRun: false, ...changes });
  const resolution = (changes: object = {}) => ({ requestId: randomUUID(), disputeId: `${callId}-0123456789ab`, outcome: { $case: 'rejected' as const, value: {} }, reason: 'a mistake', ...changes });

  test('that is wrong in every field is refused with each of them', async () => {
    const { billing } = await service.clients('acme');
    const refusedFor = async (asked: Promise<unknown>) => asked.then(() => [], ({ code, details }: { code: string; details: { violations: { field: string }[] } }) => [code, ...details.violations.map(({ field }) => field)]);
    const wrong = { requestId: '', callId: 'CA1', reason: '' };
    expect(await refusedFor(billing.refundCharge({ ...refund(wrong), amount: undefined }))).toEqual(['request.invalid_argument', 'request_id', 'call_id', 'reason', 'amount']);
    expect(await refusedFor(billing.reRateCharge(reRating(wrong)))).toEqual(['request.invalid_argument', 'request_id', 'call_id', 'reason']);
    expect(await refusedFor(billing.openDispute(wrong))).toEqual(['request.invalid_argument', 'request_id', 'call_id', 'reason']);
    expect(await refusedFor(billing.resolveDispute({ ...resolution(wrong), outcome: undefined }))).toEqual(['request.invalid_argument', 'request_id', 'reason', 'outcome']);
  });

  test.each<[string, object, string]>([
    ['in no currency', { amount: { currency: 'EURO', micros: 1n } }, 'money.unknown_currency'],
    ['of a negative amount', { amount: { currency: 'EUR', micros: -1n } }, 'wallet.invalid_amount'],
    ['of the least int64', { amount: { currency: 'EUR', micros: -(2n ** 63n) } }, 'wallet.invalid_amount'],
    ['for more than one line', { reason: 'a\nb' }, 'request.invalid_argument'],
    ['for nothing but blanks', { reason: '   ' }, 'request.invalid_argument'],
    ['for too many words', { reason: 'x'.repeat(501) }, 'request.invalid_argument'],
    ['of a call that is not there', {}, 'not_found.receipt'],
  ])('%s is refused', async (_name, changes, expected) => {
    const { billing } = await service.clients('acme');
    await expect(billing.refundCharge(refund(changes))).rejects.toThrow(code(expected));
  });

  test('of what is not there takes no request id', async () => {
    const { billing } = await service.clients('acme');
    await expect(billing.refundCharge(refund({ requestId: 'free' }))).rejects.toThrow(code('not_found.receipt'));
    await expect(billing.reRateCharge(reRating({ requestId: 'free' }))).rejects.toThrow(code('not_found.policy'));
    await expect(billing.openDispute({ requestId: 'free', callId, reason: 'why' })).rejects.toThrow(code('not_found.receipt'));
    await expect(billing.resolveDispute(resolution({ requestId: 'free' }))).rejects.toThrow(code('not_found.dispute'));
    await billing.topUpWallet(topUp({ requestId: 'free' }));
  });

  test('asks for the scope of an account', async () => {
    const client = createClient(BillingServiceClient, { address: `127.0.0.1:${service.port(0).grpcPort}`, token: await keys.token({ scope: 'device' }) });
    await expect(client.refundCharge(refund())).rejects.toThrow(code('auth.wrong_scope'));
    client.close();
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
    const charge = (of: string) => ({ walletId: `${of}/${alice}`, payer: 1 as const, policy, grantedUntilMs: 0n });
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

describe('what a call should not say', () => {
  const authorized = async (terms: Partial<PolicyTerms> = {}) => {
    const accountId = newAccount();
    const clients = await service.clients(accountId);
    const { policyId } = await createSamplePolicy(clients.billing, terms);
    await clients.billing.topUpWallet(topUp({ amount: { currency: 'EUR', micros: 1_000_000n } }));
    const script = new CallScript(accountId);
    const { authorization } = await clients.authorization.authorizeCharge({ callId: script.callId, from: alice, to: bob, policyId });
    const publisher = createPublisher(nats.bus);
    const publish = async (...events: readonly BusEvent[]) => {
      for (const event of events) await publisher.publish(event);
    };
    const settled = async () => {
      await eventually(async () => expect((await clients.billing.getReceipt({ callId: script.callId })).receipt?.settled).toBe(true));
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
