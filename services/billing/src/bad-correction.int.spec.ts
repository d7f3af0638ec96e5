import { randomUUID } from 'node:crypto';
import { describe, expect, test } from '@jest/globals';
import { BillingServiceClient } from '@parley/contracts';
import { createClient } from '@parley/grpc';
import { testBus, testDatabase, testKeys } from '@parley/testing';
import { alice, newCallId } from './test-support/call-script.ts';
import { startedBilling } from './test-support/started-billing.ts';

const nats = testBus();
const database = testDatabase();
const keys = testKeys();
const service = startedBilling({ nats, database, keys });
const code = (code: string) => expect.objectContaining({ code });

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
    await billing.topUpWallet({ requestId: 'free', address: alice, amount: { currency: 'EUR', micros: 1n } });
  });

  test('asks for the scope of an account', async () => {
    const client = createClient(BillingServiceClient, { address: `127.0.0.1:${service.port(0).grpcPort}`, token: await keys.token({ scope: 'device' }) });
    await expect(client.refundCharge(refund())).rejects.toThrow(code('auth.wrong_scope'));
    client.close();
  });
});
