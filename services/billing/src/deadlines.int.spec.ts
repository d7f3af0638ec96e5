import { randomUUID } from 'node:crypto';
import { describe, expect, test } from '@jest/globals';
import { createPublisher, partitionOf, type BusEvent } from '@parley/bus';
import { Channel, Party } from '@parley/contracts';
import { testBus, testDatabase } from '@parley/testing';
import { createBilling, type Billing } from './billing.ts';
import { toConsumedEvent } from './bus/consumed-event.ts';
import { toPolicySnapshot } from './bus/convert.ts';
import { reservedMicros } from './domain/wallet.ts';
import { alice, CallScript, evidence, newCallId, originMs, streamed } from './test-support/call-script.ts';
import { sampleTerms } from './test-support/sample-terms.ts';
import { billingEvents, valuesOf } from './test-support/stream-reader.ts';
import { deadlineOf, type Deadline } from './usecases/deadlines.ts';

const nats = testBus();
const database = testDatabase();
const timeouts = { recognitionMs: 30_000n, authorizationMs: 120_000n, silenceMs: 3_600_000n };
const atMs = BigInt(originMs);
const cause = { id: 'request', atMs, traceparent: '' };

interface Prepared {
  readonly billing: Billing;
  readonly script: CallScript;
  readonly accountId: string;
  readonly callId: string;
  apply(...events: readonly BusEvent[]): Promise<void>;
  /** What the call waits for now. */
  deadline(): Promise<Deadline | undefined>;
  reserved(): Promise<bigint>;
}

async function authorizedCall(balanceMicros = 150_000n): Promise<Prepared> {
  const billing = createBilling({ db: database.db, publisher: createPublisher(nats.bus), timeouts });
  const accountId = `account-${randomUUID().slice(0, 12)}`;
  const script = new CallScript(accountId);
  const { callId } = script;
  const { policyId } = await billing.createPolicy({ accountId, requestId: 'policy', policyId: '', terms: sampleTerms({ grantMs: 10_000n }), atMs });
  await billing.setDefaultPolicy({ accountId, policyId, atMs });
  await billing.topUpWallet({ accountId, requestId: 'first', address: alice, amount: { currency: 'EUR', micros: balanceMicros }, atMs });
  await billing.authorizeCharge({ accountId, callId, from: alice, to: 'client:bob', policyId: '', cause });
  return {
    billing,
    script,
    accountId,
    callId,
    apply: async (...events) => {
      for (const event of events) await billing.applyCallEvents([toConsumedEvent(streamed(event))]);
    },
    deadline: async () => deadlineOf((await billing.charges.find(callId))!, timeouts),
    reserved: async () => reservedMicros((await billing.wallets.find(`${accountId}/${alice}`))!),
  };
}

async function chargeOf({ billing, callId }: Prepared) {
  const record = await billing.charges.find(callId);
  if (record?.charge.status !== 'authorized') throw new Error('the call is not authorised');
  const { terms, grant } = record.charge;
  return { walletId: terms.walletId, payer: Party.CALLER, policy: toPolicySnapshot(terms.policy), grantedUntilMs: grant.grantedMs, utcOffsetMinutes: 0, calleeWalletId: '' };
}

describe('what is held for a call that never begins', () => {
  test('is given back when the authorisation expires, and is not to be had again', async () => {
    const call = await authorizedCall();
    const { billing, callId, accountId } = call;
    expect(await call.deadline()).toEqual({ what: 'authorization', atMs: atMs + 120_000n });
    expect((await billing.charges.openOf([partitionOf(callId)])).map((record) => record.callId)).toContain(callId);
    await billing.missDeadline(callId, (await call.deadline())!);
    expect(await call.reserved()).toBe(0n);
    expect((await billing.charges.openOf([partitionOf(callId)])).map((record) => record.callId)).not.toContain(callId);
    await expect(billing.extendGrant({ accountId, callId, cause })).rejects.toMatchObject({ code: 'grant.ended' });
  });

  test('stays held if the call began after all', async () => {
    const call = await authorizedCall();
    const missed = (await call.deadline())!;
    await call.apply(call.script.initiated(await chargeOf(call)));
    await call.billing.missDeadline(call.callId, missed);
    expect(await call.reserved()).toBe(100_000n);
  });

  test('is held anew when the call shows up late, as far as the balance goes', async () => {
    const call = await authorizedCall();
    const charge = await chargeOf(call);
    await call.billing.missDeadline(call.callId, (await call.deadline())!);
    const { script } = call;
    await call.apply(script.initiated(charge), script.videoStarted('caller'), script.progress('caller', [evidence(Channel.FACE, 0, 4_000)]));
    await call.apply(script.ended('caller', 4_000), script.completed(4_000));
    const events = await billingEvents(nats.bus, call);
    expect(valuesOf(events, 'settled')).toEqual([expect.objectContaining({ total: { currency: 'EUR', micros: 40_000n }, reason: 'completed' })]);
    expect(await call.reserved()).toBe(0n);
  });
});

describe('a call of which nothing is heard any more', () => {
  test('is settled as lost, and what comes later changes nothing that was charged', async () => {
    const call = await authorizedCall();
    const { script } = call;
    await call.apply(script.initiated(await chargeOf(call)), script.videoStarted('caller'), script.progress('caller', [evidence(Channel.FACE, 0, 1_500)]));
    const missed = (await call.deadline())!;
    expect(missed).toEqual({ what: 'silence', atMs: atMs + 1_500n + timeouts.silenceMs });
    await call.billing.missDeadline(call.callId, missed);
    await call.billing.missDeadline(call.callId, missed);
    await call.apply(script.completed(9_000));
    const events = await billingEvents(nats.bus, call);
    expect(valuesOf(events, 'settled')).toEqual([expect.objectContaining({ total: { currency: 'EUR', micros: 15_000n }, reason: 'call_lost' })]);
    expect(events.at(-1)).toMatchObject({ type: 'billing.settled', time: new Date(Number(missed.atMs)) });
    expect(await call.reserved()).toBe(0n);
  });
});

describe('what is still held for a call that is over', () => {
  test('is found before a balance is called insufficient', async () => {
    const call = await authorizedCall();
    const { billing, accountId, callId, script } = call;
    await call.apply(script.initiated(await chargeOf(call)), script.completed(1));
    // A replica that was paused past its lease holds something for a call that its successor settled.
    const owner = { walletId: `${accountId}/${alice}`, accountId };
    await billing.wallets.hold(owner, { callId, currency: 'EUR', steps: [{ untilMs: 9n, coverMicros: 150_000n }], postedMicros: 0n, atMs });
    expect(await call.reserved()).toBe(150_000n);
    await billing.authorizeCharge({ accountId, callId: newCallId(), from: alice, to: 'client:bob', policyId: '', cause });
    expect(await call.reserved()).toBe(100_000n);
  });

  test('is given back without a shortage, too, once it was seen twice', async () => {
    const call = await authorizedCall(1_000_000n);
    const { billing, accountId, callId, script } = call;
    await call.apply(script.initiated(await chargeOf(call)), script.completed(1));
    const goesOn = newCallId();
    await billing.authorizeCharge({ accountId, callId: goesOn, from: alice, to: 'client:bob', policyId: '', cause });
    const owner = { walletId: `${accountId}/${alice}`, accountId };
    const hold = (untilMs: bigint) => billing.wallets.hold(owner, { callId, currency: 'EUR', steps: [{ untilMs, coverMicros: 150_000n }], postedMicros: 0n, atMs });
    await hold(9n);
    await billing.sweepHolds(() => true, atMs);
    // It changed since: whoever changed it may be about to use it.
    await hold(10n);
    await billing.sweepHolds((id) => id === callId, atMs);
    expect(await call.reserved()).toBe(250_000n);
    await billing.sweepHolds(() => false, atMs);
    await billing.sweepHolds(() => true, atMs);
    expect(await call.reserved()).toBe(250_000n);
    await billing.sweepHolds(() => true, atMs);
    expect(await call.reserved()).toBe(100_000n);
    expect(Object.keys((await billing.wallets.find(owner.walletId))!.holds)).toEqual([goesOn]);
  });

  test('is found before a running call is refused more', async () => {
    const call = await authorizedCall(200_000n);
    const { billing, accountId, callId } = call;
    const over = new CallScript(accountId);
    await call.apply(over.initiated(await chargeOf(call)), over.completed(1));
    const owner = { walletId: `${accountId}/${alice}`, accountId };
    await billing.wallets.hold(owner, { callId: over.callId, currency: 'EUR', steps: [{ untilMs: 9n, coverMicros: 100_000n }], postedMicros: 0n, atMs });
    expect(await billing.extendGrant({ accountId, callId, cause })).toBe(20_000n);
  });

  test('what is held for calls that go on stays held', async () => {
    const { billing, accountId } = await authorizedCall();
    const another = billing.authorizeCharge({ accountId, callId: newCallId(), from: alice, to: 'client:bob', policyId: '', cause });
    await expect(another).rejects.toMatchObject({ code: 'wallet.insufficient_balance' });
  });
});
