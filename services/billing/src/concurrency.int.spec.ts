import { randomUUID } from 'node:crypto';
import { describe, expect, test } from '@jest/globals';
import { createPublisher } from '@parley/bus';
import { isParleyError } from '@parley/errors';
import { Channel } from '@parley/contracts';
import { testBus, testDatabase } from '@parley/testing';
import { createBilling, type Billing } from './billing.ts';
import { toConsumedEvent } from './bus/consumed-event.ts';
import { toChargeAuthorization } from './bus/convert.ts';
import { plainMicros } from './domain/bucket.ts';
import { entryEncodingOf } from './domain/ledger-entry.ts';
import { availableMicros, reservedMicros } from './domain/wallet.ts';
import { sha256 } from './store/sha256.ts';
import { alice, CallScript, evidence, newCallId, originMs, streamed } from './test-support/call-script.ts';
import { sampleTerms } from './test-support/sample-terms.ts';
import { billingEvents, ledgerEvents, valuesOf } from './test-support/stream-reader.ts';
import { verifyLedger } from './verify/verify-ledger.ts';

const nats = testBus();
const database = testDatabase();
const atMs = BigInt(originMs);
const cause = { id: 'request', atMs, traceparent: '' };

/** Two replicas: what they share is the database and the broker. */
function replicas(): [Billing, Billing] {
  const timeouts = { recognitionMs: 30_000n, authorizationMs: 120_000n, silenceMs: 3_600_000n };
  const one = () => createBilling({ db: database.db, publisher: createPublisher(nats.bus), timeouts });
  return [one(), one()];
}

const newAccount = () => `account-${randomUUID().slice(0, 12)}`;
const euros = (micros: bigint) => ({ currency: 'EUR', micros });

async function preparedAccount(billing: Billing, balanceMicros: bigint): Promise<{ accountId: string; walletId: string }> {
  const accountId = newAccount();
  const { policyId } = await billing.createPolicy({ accountId, requestId: 'policy', policyId: '', terms: sampleTerms({ grantMs: 10_000n }), atMs });
  await billing.setDefaultPolicy({ accountId, policyId, atMs });
  await billing.topUpWallet({ accountId, requestId: 'first', address: alice, amount: euros(balanceMicros), atMs });
  return { accountId, walletId: `${accountId}/${alice}` };
}

describe('simultaneously, at two replicas', () => {
  test('1,000 top-ups with one request id are one entry', async () => {
    const both = replicas();
    const accountId = newAccount();
    const topUp = (index: number) => both[index % 2]!.topUpWallet({ accountId, requestId: 'once', address: alice, amount: euros(500n), atMs });
    const answers = await Promise.all(Array.from({ length: 1_000 }, (_, index) => topUp(index)));
    expect(new Set(answers.map(({ entry }) => entry.number))).toEqual(new Set([0n]));
    expect(await both[0].wallets.find(`${accountId}/${alice}`)).toMatchObject({ balanceMicros: 500n, nextEntry: 1n });
    expect(await ledgerEvents(nats.bus, accountId)).toHaveLength(1);
  }, 300_000);

  test('100 top-ups are 100 entries, numbered without a hole', async () => {
    const both = replicas();
    const accountId = newAccount();
    const topUp = (index: number) =>
      both[index % 2]!.topUpWallet({ accountId, requestId: `request-${index}`, address: alice, amount: euros(BigInt(index + 1)), atMs });
    await Promise.all(Array.from({ length: 100 }, (_, index) => topUp(index)));
    const walletId = `${accountId}/${alice}`;
    const entries = await both[1].wallets.entries(walletId, 0n, 200);
    expect(entries.map(({ number }) => number)).toEqual(Array.from({ length: 100 }, (_, index) => BigInt(index)));
    expect(entries.map(({ amountMicros }) => Number(amountMicros)).sort((one, other) => one - other)).toEqual(Array.from({ length: 100 }, (_, index) => index + 1));
    expect(entries.at(-1)?.balanceAfterMicros).toBe(5_050n);
    expect(await ledgerEvents(nats.bus, accountId)).toHaveLength(100);
  });

  test('40 authorisations on credit for three calls are three', async () => {
    const both = replicas();
    const { accountId, walletId } = await preparedAccount(both[0], 399_999n);
    const outcomes = await Promise.all(
      Array.from({ length: 40 }, (_, index) =>
        both[index % 2]!.authorizeCharge({ accountId, callId: newCallId(), from: alice, to: 'client:bob', policyId: '', cause }).then(
          () => 'granted',
          (error: unknown) => (isParleyError(error) ? error.code : 'unexpected'),
        ),
      ),
    );
    expect(outcomes.filter((outcome) => outcome === 'granted')).toHaveLength(3);
    expect(outcomes.filter((outcome) => outcome === 'wallet.insufficient_balance')).toHaveLength(37);
    const wallet = (await both[0].wallets.find(walletId))!;
    expect([reservedMicros(wallet), availableMicros(wallet)]).toEqual([300_000n, 99_999n]);
  });

  test('one authorisation, asked for 20 times, is one', async () => {
    const both = replicas();
    const { accountId, walletId } = await preparedAccount(both[0], 150_000n);
    const callId = newCallId();
    const ask = (index: number) => both[index % 2]!.authorizeCharge({ accountId, callId, from: alice, to: 'client:bob', policyId: '', cause });
    const answers = await Promise.all(Array.from({ length: 20 }, (_, index) => ask(index)));
    expect(new Set(answers.map((answer) => answer?.grantedMs))).toEqual(new Set([10_000n]));
    expect(reservedMicros((await both[0].wallets.find(walletId))!)).toBe(100_000n);
    const stored = () => database.db.collection<{ _id: string }>('charges').findOne({ _id: callId });
    const before = await stored();
    expect((await ask(0))?.grantedMs).toBe(10_000n);
    expect(await stored()).toEqual({ ...before, outbox: [], pending: false });
  });

  test('a call that begins without a charge while it is being authorised holds nothing in the end', async () => {
    const both = replicas();
    const { accountId, walletId } = await preparedAccount(both[0], 10_000_000n);
    const race = async () => {
      const script = new CallScript(accountId);
      const authorized = both[0].authorizeCharge({ accountId, callId: script.callId, from: alice, to: 'client:bob', policyId: '', cause }).catch((error: unknown) => {
        expect(error).toMatchObject({ code: 'grant.ended' });
      });
      await both[1].applyCallEvents([toConsumedEvent(streamed(script.initiated()))]);
      await authorized;
    };
    await Promise.all(Array.from({ length: 30 }, race));
    expect(reservedMicros((await both[0].wallets.find(walletId))!)).toBe(0n);
  });

  test('a call whose events reach an owner and the one that it does not know to have been replaced is charged once', async () => {
    const both = replicas();
    const { accountId, walletId } = await preparedAccount(both[0], 1_000_000n);
    const script = new CallScript(accountId);
    const { callId } = script;
    const { terms, grantedMs } = (await both[0].authorizeCharge({ accountId, callId, from: alice, to: 'client:bob', policyId: '', cause }))!;
    const charge = toChargeAuthorization(terms, grantedMs);
    const seconds = Array.from({ length: 8 }, (_, index) => script.progress('caller', [evidence(Channel.FACE, index * 1_000, (index + 1) * 1_000)]));
    const events = [script.initiated(charge), script.videoStarted('caller'), ...seconds, script.ended('caller', 8_000), script.completed(8_000)];
    for (const event of events) {
      const outcomes = await Promise.all(both.map((billing) => billing.applyCallEvents([toConsumedEvent(streamed(event))])));
      expect(outcomes.flatMap(({ outcomes }) => outcomes).sort()).toEqual(['applied', 'duplicate']);
    }
    const told = await billingEvents(nats.bus, { accountId, callId });
    expect(told.map(({ type }) => type)).toEqual(['billing.started', ...seconds.map(() => 'billing.charged'), 'billing.settled']);
    expect(valuesOf(told, 'charged').map(({ cumulative }) => cumulative?.micros)).toEqual(seconds.map((_, index) => BigInt(index + 1) * 10_000n));
    expect(await both[1].wallets.find(`${accountId}/${alice}`)).toMatchObject({ balanceMicros: 920_000n, nextEntry: 9n, holds: {} });
    const entries = await both[1].wallets.entries(walletId, 0n, 9);
    // Hashed again from what the database gives back: number types and optional fields come back as they went in.
    expect(entries.map((entry) => sha256(entryEncodingOf(entry)))).toEqual(entries.map(({ hash }) => hash));
    expect(entries.map(({ previousHash }) => previousHash)).toEqual(['', ...entries.slice(0, -1).map(({ hash }) => hash)]);
    expect(entries.slice(1).map(({ basis }) => basis?.fromMs)).toEqual(seconds.map((_, index) => BigInt(index) * 1_000n));
  });

  test('calls on paid, free and promotional money and on credit never use more than all of it', async () => {
    const both = replicas();
    const { accountId, walletId } = await preparedAccount(both[0], 150_000n);
    const topUp = (requestId: string, micros: bigint, bucket: string) => both[1].topUpWallet({ accountId, requestId, address: alice, amount: euros(micros), bucket, atMs });
    await Promise.all([topUp('gift', 70_000n, 'promotional/-1'), topUp('trial', 60_000n, `free/0/${atMs + 60_000n}`), topUp('gone', 500_000n, `free/0/${atMs + 1n}`)]);
    await both[0].setCreditLimit({ accountId, requestId: 'limit', address: alice, limit: euros(130_000n), actor: 'ops', atMs });
    // Of 410,000 that can be used, four calls hold 100,000 each; what has expired by then is none of it.
    const late = { ...cause, atMs: atMs + 1_000n };
    const answers = await Promise.all(
      Array.from({ length: 24 }, async (_, index) => {
        const script = new CallScript(accountId);
        const asked = both[index % 2]!.authorizeCharge({ accountId, callId: script.callId, from: alice, to: 'client:bob', policyId: '', cause: late });
        return asked.then((answer) => [{ script, charge: toChargeAuthorization(answer!.terms, answer!.grantedMs) }], (error: unknown) => {
          expect(error).toMatchObject({ code: 'wallet.insufficient_balance' });
          return [];
        });
      }),
    );
    const granted = answers.flat();
    expect(granted).toHaveLength(4);
    // Each event reaches both, and all calls are charged for more than they hold.
    const play = async ({ script, charge }: (typeof granted)[number]) => {
      const seconds = Array.from({ length: 12 }, (_, index) => script.progress('caller', [evidence(Channel.FACE, index * 1_000, (index + 1) * 1_000)]));
      for (const event of [script.initiated(charge), script.videoStarted('caller'), ...seconds, script.ended('caller', 12_000), script.completed(12_000)]) {
        await Promise.all(both.map((billing) => billing.applyCallEvents([toConsumedEvent(streamed(event))])));
      }
    };
    await Promise.all(granted.map(play));
    const wallet = (await both[0].wallets.find(walletId))!;
    expect([wallet.balanceMicros, plainMicros(wallet), wallet.buckets, wallet.holds]).toEqual([-130_000n, -130_000n, [], {}]);
    const entries = await both[0].wallets.entries(walletId, 0n, 200);
    const chargedFrom = (bucket: string | undefined) => entries.filter((entry) => entry.reason === 'charge' && entry.bucket === bucket).reduce((sum, { amountMicros }) => sum + amountMicros, 0n);
    expect([chargedFrom('promotional/-1'), chargedFrom(`free/0/${atMs + 60_000n}`), chargedFrom(undefined)]).toEqual([70_000n, 60_000n, 280_000n]);
    expect(entries.filter(({ reason }) => reason === 'expiry').map(({ amountMicros }) => amountMicros)).toEqual([500_000n]);
    expect(entries.map((entry) => sha256(entryEncodingOf(entry)))).toEqual(entries.map(({ hash }) => hash));
    expect((await verifyLedger(database.db)).faults).toEqual([]);
  });

  test('a charge over several parts of the balance that is booked many times is booked once', async () => {
    const both = replicas();
    const { accountId, walletId } = await preparedAccount(both[0], 5_000n);
    for (const [requestId, bucket] of [['one', 'promotional/-2'], ['two', 'promotional/-1']] as const) {
      await both[0].topUpWallet({ accountId, requestId, address: alice, amount: euros(3_000n), bucket, atMs });
    }
    const posting = { key: 'charge/0', currency: 'EUR', amountMicros: 10_000n, reason: 'charge', causeId: 'event', callId: newCallId(), atMs } as const;
    const answers = await Promise.all(Array.from({ length: 40 }, (_, index) => both[index % 2]!.wallets.post({ walletId, accountId }, posting)));
    expect(new Set(answers.map(({ entry }) => entry.key))).toEqual(new Set(['charge/0']));
    const entries = await both[0].wallets.entries(walletId, 3n, 100);
    expect(entries.map(({ key, amountMicros }) => [key, amountMicros])).toEqual([['charge/0', 3_000n], ['charge/0 #1', 3_000n], ['charge/0 #2', 4_000n]]);
    for (const amountMicros of [3_000n, 9_999n, 10_001n]) {
      await expect(both[1].wallets.post({ walletId, accountId }, { ...posting, amountMicros })).rejects.toMatchObject({ code: 'request.idempotency_conflict' });
    }
  });
});
