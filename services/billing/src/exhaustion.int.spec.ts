import { randomUUID } from 'node:crypto';
import { describe, expect, test } from '@jest/globals';
import { createPublisher } from '@parley/bus';
import { Channel } from '@parley/contracts';
import { isParleyError } from '@parley/errors';
import { testBus, testDatabase } from '@parley/testing';
import { createBilling } from './billing.ts';
import { toConsumedEvent } from './bus/consumed-event.ts';
import { toChargeAuthorization } from './bus/convert.ts';
import { alice, CallScript, evidence, originMs, streamed } from './test-support/call-script.ts';
import { sampleTerms } from './test-support/sample-terms.ts';
import { billingEvents, valuesOf } from './test-support/stream-reader.ts';

// A call until its money is spent, with the call router's part as it plays it: it asks for more when half of a grant is left, then
// each second, and ends the call with the grant.

const nats = testBus();
const database = testDatabase();
const timeouts = { recognitionMs: 30_000n, authorizationMs: 120_000n, silenceMs: 3_600_000n };
const grantMs = 10_000;
/** 0.60 EUR a minute. */
const microsPerMs = 10;
const euros = (micros: bigint) => ({ currency: 'EUR', micros });

interface Money {
  readonly balanceMicros: bigint;
  readonly limitMicros?: bigint;
  /** Added when this media time is reached. */
  readonly topUp?: { readonly atMs: number; readonly micros: bigint };
}

/** @returns at which media time the call ended, and when which news about the funds came. */
async function playUntilSpent({ balanceMicros, limitMicros = 0n, topUp }: Money) {
  const billing = createBilling({ db: database.db, publisher: createPublisher(nats.bus), timeouts });
  const accountId = `account-${randomUUID().slice(0, 12)}`;
  const script = new CallScript(accountId);
  const { callId } = script;
  const nowAt = (ms: number) => BigInt(originMs + ms);
  const cause = (ms: number) => ({ id: 'request', atMs: nowAt(ms), traceparent: '' });
  const add = (requestId: string, micros: bigint, ms: number) => billing.topUpWallet({ accountId, requestId, address: alice, amount: euros(micros), atMs: nowAt(ms) });
  const terms = sampleTerms({ grantMs: BigInt(grantMs) });
  const { policyId } = await billing.createPolicy({ accountId, requestId: 'policy', policyId: '', terms, atMs: nowAt(0) });
  await billing.setDefaultPolicy({ accountId, policyId, atMs: nowAt(0) });
  await add('first', balanceMicros, 0);
  if (limitMicros > 0n) await billing.setCreditLimit({ accountId, requestId: 'limit', address: alice, limit: euros(limitMicros), actor: 'ops', atMs: nowAt(0) });

  const authorized = (await billing.authorizeCharge({ accountId, callId, from: alice, to: 'client:bob', policyId: '', cause: cause(0) }))!;
  const apply = (event: Parameters<typeof streamed>[0]) => billing.applyCallEvents([toConsumedEvent(streamed(event))]);
  await apply(script.initiated(toChargeAuthorization(authorized.terms, authorized.grantedMs)));
  await apply(script.videoStarted('caller'));
  let untilMs = Number(authorized.grantedMs);
  let askAtMs = untilMs / 2;
  let atMs = 0;
  const stepMs = 250;
  for (; atMs < untilMs; atMs += stepMs) {
    if (topUp?.atMs === atMs) await add('more', topUp.micros, atMs);
    if (atMs >= askAtMs) {
      const before = untilMs;
      untilMs = await billing.extendGrant({ accountId, callId, cause: cause(atMs) }).then(Number, (error: unknown) => {
        if (!isParleyError(error, 'wallet.insufficient_balance')) throw error;
        return before;
      });
      askAtMs = untilMs > before ? atMs + (untilMs - atMs) / 2 : atMs + 1_000;
    }
    await apply(script.progress('caller', [evidence(Channel.FACE, atMs, atMs + stepMs)]));
  }
  await apply(script.ended('caller', atMs));
  await apply(script.completed(atMs));
  const events = await billingEvents(nats.bus, script);
  const mediaTimesOf = (type: string) => events.filter((event) => event.type === type).map(({ time }) => time.getTime() - originMs);
  const wallet = (await billing.wallets.find(`${accountId}/${alice}`))!;
  return { endedMs: atMs, lowMs: mediaTimesOf('billing.balance_low'), exhaustedMs: mediaTimesOf('billing.balance_exhausted'), wallet, settled: valuesOf(events, 'settled') };
}

describe('a call whose money is spent', () => {
  test.each<[string, Money]>([
    ['less than two grants', { balanceMicros: 123_456n }],
    ['just less than one grant more', { balanceMicros: 199_999n }],
    ['exactly two grants', { balanceMicros: 200_000n }],
    ['more', { balanceMicros: 455_555n }],
    ['some, and credit', { balanceMicros: 104_000n, limitMicros: 151_111n }],
    ['some, and a top-up after it was told to be low', { balanceMicros: 150_000n, topUp: { atMs: 14_000, micros: 108_000n } }],
  ])('ends within a second of media time of it, and low was told a grant before: %s', async (_what, money) => {
    const { endedMs, lowMs, exhaustedMs, wallet, settled } = await playUntilSpent(money);
    const allMicros = money.balanceMicros + (money.limitMicros ?? 0n) + (money.topUp?.micros ?? 0n);
    const spentMs = Number(allMicros) / microsPerMs;
    expect(endedMs).toBeLessThanOrEqual(spentMs);
    expect(endedMs).toBeGreaterThan(spentMs - 1_000);
    expect(endedMs - lowMs[0]!).toBeGreaterThanOrEqual(grantMs);
    expect(exhaustedMs[0]).toBeLessThan(endedMs);
    // All that was seen is charged, no more than there was, and nothing stays held.
    expect(settled).toEqual([expect.objectContaining({ chargedMs: BigInt(endedMs), unchargedMs: 0n, total: euros(BigInt(endedMs * microsPerMs)) })]);
    expect([wallet.balanceMicros, wallet.holds]).toEqual([money.balanceMicros + (money.topUp?.micros ?? 0n) - BigInt(endedMs * microsPerMs), {}]);
  });
});
