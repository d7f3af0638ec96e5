import { randomUUID } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import { beforeAll, describe, expect, test } from '@jest/globals';
import { createPublisher, eventStreams, ledgerStream, partitionOf, readCallEvents, type BusEvent } from '@parley/bus';
import { Channel, DisputeState, IntervalKind, Party, Payer, type Receipt, PriceTerms } from '@parley/contracts';
import { Crash, CrashGate, eventually, testBus, testDatabase, testKeys } from '@parley/testing';
import type { Db, Document } from 'mongodb';
import { createBilling } from '../billing.ts';
import { readLedger } from '../bus/ledger-reader.ts';
import { alice, bob, CallScript, evidence, interval } from '../test-support/call-script.ts';
import { createSamplePolicy } from '../test-support/policy-request.ts';
import { startedBilling, type Clients } from '../test-support/started-billing.ts';
import { billingEventsByCall, ledgerEvents, billingEvents, valuesOf } from '../test-support/stream-reader.ts';
import { verifyLedger } from '../verify/verify-ledger.ts';
import { verifyStream } from '../verify/verify-stream.ts';
import { rebuild } from './rebuild.ts';

const nats = testBus();
const original = testDatabase();
const rebuilt = testDatabase();
const resumed = testDatabase();
const keys = testKeys();
const service = startedBilling({ nats, database: original, keys }, { env: { RECOGNITION_TIMEOUT_MS: '1500' } });

const accounts = ['acme', 'globex', 'initech'] as const;
type Account = (typeof accounts)[number];
const clients = {} as Record<Account, Clients>;
const settled: CallScript[] = [];
/** Settled for both sides. */
const eachPaid: CallScript[] = [];
/** Two that are alike: one ends before the database is lost, and one after it. */
let twins: readonly [CallScript, CallScript];
let twinReceipt: Receipt;
let owing: CallScript;
let acceptedDispute: string;
const topUpId = randomUUID();
/** Of all calls: not so long ago that the one that goes on is taken for lost. */
const startMs = Date.now();

const publisher = () => createPublisher(nats.bus);
const publish = async (...events: readonly BusEvent[]): Promise<void> => {
  for (const event of events) await publisher().publish(event);
};
const topUp = ({ billing }: Clients, address: string, micros: bigint, requestId: string = randomUUID()) => billing.topUpWallet({ requestId, address, amount: { currency: 'EUR', micros } });
const told = (script: CallScript, type: string) => eventually(async () => expect((await billingEvents(nats.bus, script)).map((event) => event.type)).toContain(`billing.${type}`));

async function begun(accountId: Account, policyId = ''): Promise<CallScript> {
  const script = new CallScript(accountId, startMs);
  const { authorization } = await clients[accountId].authorization.authorizeCharge({ callId: script.callId, from: alice, to: bob, policyId });
  await publish(script.initiated(authorization), script.videoStarted('caller'), script.observing('caller'));
  return script;
}

const end = (script: CallScript, atMs: number) => [script.ended('caller', atMs), script.completed(atMs)];

beforeAll(async () => {
  for (const [index, accountId] of accounts.entries()) {
    clients[accountId] = await service.clients(accountId);
    const { billing } = clients[accountId];
    const { policyId } = await createSamplePolicy(billing);
    const other = await createSamplePolicy(billing, { freePeriodMs: 700n, prices: PriceTerms.fromPartial({ connectionFeeMicros: 5_000n, voicePermille: 500, textPermille: 250, hostPermille: 333 }) });
    await billing.setDefaultPolicy({ policyId: other.policyId });
    await billing.setDefaultPolicy({ policyId: '' });
    await billing.setDefaultPolicy({ policyId });
    const { policyId: each } = await createSamplePolicy(billing, { prices: PriceTerms.fromPartial({ payer: Payer.EACH }) });
    for (const address of [alice, bob]) await topUp(clients[accountId], address, 900_000n, index === 0 && address === alice ? topUpId : undefined);
    for (let call = 0; call < 4; call += 1) {
      const script = await begun(accountId, call % 2 === 0 ? '' : other.policyId);
      const middle = 1_000 + 700 * call;
      await publish(script.progress('caller', [evidence(Channel.FACE, 0, middle), interval(IntervalKind.ABSENT, middle, middle + 900)]));
      await publish(script.progress('caller', [evidence(Channel.VOICE, middle + 900, 6_500)]), ...end(script, 6_500));
      settled.push(script);
    }
    await callThatEachPays(accountId, each);
  }
  await poorCall();
  await lostAndAdjustedCall();
  await owingCalls();
  const free = new CallScript('acme', startMs);
  await publish(free.initiated(), free.videoStarted('caller'), free.observing('caller'), ...end(free, 2_000));
  for (const script of settled) await told(script, 'settled');
  await playTwins();
  await disputes();
  await eventually(async () => expect((await verifyLedger(original.db)).faults).toEqual([]));
  await service.stop(0);
});

/** Runs out of money, gets more, and runs out for good. */
async function poorCall(): Promise<void> {
  const poor = await service.clients('poor');
  Object.assign(clients, { poor });
  const { policyId } = await createSamplePolicy(poor.billing);
  await topUp(poor, alice, 120_000n);
  const script = await begun('poor' as Account, policyId);
  await publish(script.progress('caller', [evidence(Channel.FACE, 0, 13_000)]));
  await told(script, 'balance_exhausted');
  await topUp(poor, alice, 50_000n);
  await publish(script.progress('caller', [evidence(Channel.FACE, 13_000, 20_000)]), ...end(script, 20_000));
  settled.push(script);
}

async function lostAndAdjustedCall(): Promise<void> {
  const script = await begun('globex');
  await publish(script.progress('caller', [evidence(Channel.FACE, 0, 2_500)]), script.completed(8_300));
  await told(script, 'settled');
  await publish(script.ended('caller', 8_300, [evidence(Channel.TEXT, 2_500, 8_300)]));
  await told(script, 'adjusted');
  settled.push(script);
}

async function callThatEachPays(accountId: Account, policyId: string): Promise<void> {
  const script = await begun(accountId, policyId);
  await publish(script.videoStarted('callee'), script.progress('callee', [evidence(Channel.FACE, 0, 1_700)]));
  await publish(script.progress('caller', [evidence(Channel.FACE, 0, 3_100)]), ...end(script, 4_000), script.ended('callee', 4_000, [evidence(Channel.VOICE, 1_700, 2_900)]));
  await eventually(async () => expect(valuesOf(await billingEvents(nats.bus, script), 'settled')).toHaveLength(2));
  await clients[accountId].billing.openDispute({ ...openRequest(script, 'of-the-callee'), payer: Party.CALLEE });
  eachPaid.push(script);
}

/** What came late of two calls was not covered: of the one it is by the time at which the database is lost. */
async function owingCalls(): Promise<void> {
  for (const accountId of ['owing', 'paying']) {
    const account = await service.clients(accountId);
    Object.assign(clients, { [accountId]: account });
    const { policyId } = await createSamplePolicy(account.billing);
    await topUp(account, alice, 120_000n);
    const script = await begun(accountId as Account, policyId);
    await publish(script.progress('caller', [evidence(Channel.FACE, 0, 2_500)]), script.completed(13_000));
    await told(script, 'settled');
    await publish(script.ended('caller', 13_000, [evidence(Channel.TEXT, 2_500, 13_000)]));
    await owes(original.db, script);
    settled.push(script);
    if (accountId === 'owing') owing = script;
  }
  await topUp(clients['paying' as Account], alice, 50_000n);
  await collectLate(original.db);
}

const owes = (db: Db, { callId }: CallScript) => eventually(async () => expect(await db.collection('charges').findOne({ _id: callId as never })).toMatchObject({ isOwing: true }));
const collectLate = (db: Db) => createBilling({ db, publisher: publisher(), timeouts: { recognitionMs: 0n, authorizationMs: 0n, silenceMs: 0n } }).collectLate(() => true, BigInt(Date.now()));

const openRequest = (script: CallScript, requestId: string) => ({ requestId, callId: script.callId, reason: 'nobody was there' });
const accept = (micros: bigint) => ({ $case: 'accepted', value: { amount: { currency: 'EUR', micros } } }) as const;
const reject = { $case: 'rejected', value: {} } as const;

/** Calls with a dispute that is open, one that was rejected and is opened anew, and one that was accepted. */
async function disputes(): Promise<void> {
  const [open, again, accepted] = settled.slice(0, 3) as [CallScript, CallScript, CallScript];
  const { billing } = clients.acme;
  await billing.openDispute(openRequest(open, 'open'));
  const first = await billing.openDispute(openRequest(again, 'first'));
  await billing.resolveDispute({ requestId: 'reject', disputeId: first.dispute!.disputeId, outcome: reject, reason: 'somebody was' });
  await billing.openDispute(openRequest(again, 'again'));
  acceptedDispute = (await billing.openDispute(openRequest(accepted, 'other'))).dispute!.disputeId;
  await billing.resolveDispute({ requestId: 'accept', disputeId: acceptedDispute, outcome: accept(3_000n), reason: 'true' });
}

async function playTwins(): Promise<void> {
  twins = [await begun('acme'), await begun('initech')];
  for (const script of twins) {
    await publish(script.progress('caller', [evidence(Channel.FACE, 0, 4_200)]));
    await eventually(async () => expect(valuesOf(await billingEvents(nats.bus, script), 'charged')).toHaveLength(4));
  }
  const [first] = twins;
  expect(await clients.acme.authorization.extendGrant({ callId: first.callId })).toEqual({ grantedUntilMs: 20_000n });
  twinReceipt = await finish(first, clients.acme);
}

async function finish(script: CallScript, { billing }: Clients): Promise<Receipt> {
  await publish(script.progress('caller', [interval(IntervalKind.ABSENT, 4_200, 5_000), evidence(Channel.VOICE, 5_000, 12_300)]), ...end(script, 12_400));
  await told(script, 'settled');
  await eventually(async () => expect((await billing.getWallet({ address: alice })).wallet?.reserved?.micros).toBe(0n));
  return (await billing.getReceipt({ callId: script.callId })).receipt!;
}

/** Without what each write makes up for itself, and what the last one left to be published. */
async function documents(db: Db, name: string): Promise<Document[]> {
  const found = await db.collection(name).find().sort({ _id: 1 }).toArray();
  return found.map(({ writer: _writer, outbox: _outbox, pending: _pending, ...document }) => document);
}

const withoutRev = (found: Document[]): Document[] => found.map(({ rev: _rev, ...document }) => document);
/** What a settled charge remembers of its grants is of no use any more. */
const chargesOf = async (db: Db) =>
  (await documents(db, 'charges')).map(({ _id, accountId, partition, isOpen, attributes, charge }) => {
    const { grant: _grant, published: { announcedFunds: _funds, ...published } = {}, ...rest } = charge as Document & { published?: Document };
    return { _id, accountId, partition, isOpen, attributes, charge: { ...rest, published } };
  });

async function expectWhole(db: Db): Promise<void> {
  expect((await verifyLedger(db)).faults).toEqual([]);
  expect((await verifyStream(db, (onCommand) => readLedger(nats.bus, onCommand))).faults).toEqual([]);
}

async function expectRebuilt(db: Db): Promise<void> {
  for (const name of ['ledger_entries', 'ledger_keys', 'policies', 'accounts', 'requests']) {
    expect({ name, found: await documents(db, name) }).toEqual({ name, found: await documents(original.db, name) });
  }
  expect(withoutRev(await documents(db, 'wallets'))).toEqual(withoutRev(await documents(original.db, 'wallets')));
  // The service has to apply again what nothing was published of, and something will follow from.
  const isWhole = ({ _id }: { readonly _id: unknown }) => _id !== owing.callId;
  expect((await chargesOf(db)).filter(isWhole)).toEqual((await chargesOf(original.db)).filter(isWhole));
  await expectWhole(db);
}

async function deleteOfLedger(id: string): Promise<void> {
  const { state } = await nats.bus.jsm.streams.info(ledgerStream);
  for (let place = state.first_seq; place <= state.last_seq; place += 1) {
    const message = await nats.bus.jsm.streams.getMessage(ledgerStream, { seq: place }).catch(() => null);
    if (message?.header.get('ce-id') === id) await nats.bus.jsm.streams.deleteMessage(ledgerStream, place);
  }
}

/** Of a whole rebuild. */
const counter = new CrashGate();
const streamEnds = () => Promise.all([...Object.values(eventStreams), ledgerStream].map(async (name) => (await nats.bus.jsm.streams.info(name)).state.last_seq));

describe('a database that was lost', () => {
  test('is rebuilt from the streams, document by document, and nothing is published', async () => {
    const before = await streamEnds();
    const { entries, wallets, policies, charges, forgotten, differences } = await rebuild(counter.db(rebuilt.db), nats.bus);
    expect(await streamEnds()).toEqual(before);
    expect({ wallets, policies, charges, forgotten, differences }).toEqual({ wallets: 9, policies: 12, charges: 25, forgotten: 0, differences: [] });
    expect(entries).toBe((await documents(original.db, 'ledger_entries')).length);
    await expectRebuilt(rebuilt.db);
  });

  test('is not rebuilt where something is', async () => {
    for (const { db } of [original, rebuilt]) await expect(rebuild(db, nats.bus)).rejects.toMatchObject({ code: 'rebuild.not_empty' });
  });

  test('whose rebuild was stopped is refused by the service, and rebuilt by the next', async () => {
    const { operations } = counter;
    for (const at of [1, 2, 0.3 * operations, 0.6 * operations, 0.8 * operations, operations - 20, operations - 1].map(Math.floor)) {
      const crashed = await rebuild(new CrashGate(at, at % 2 === 0 ? 'after' : 'before').db(resumed.db), nats.bus).catch((error: unknown) => error);
      expect(crashed).toBeInstanceOf(Crash);
    }
    const billing = createBilling({ db: resumed.db, publisher: publisher(), timeouts: { recognitionMs: 0n, authorizationMs: 0n, silenceMs: 0n } });
    await expect(billing.prepare()).rejects.toMatchObject({ code: 'rebuild.unfinished' });
    await rebuild(resumed.db, nats.bus);
    await expectRebuilt(resumed.db);
  });
});

describe('a service over a rebuilt database', () => {
  beforeAll(async () => {
    await service.restart(0, rebuilt);
    for (const accountId of accounts) clients[accountId] = await service.clients(accountId);
  });

  test('goes on with a call as if nothing had been', async () => {
    const [first, second] = twins;
    const { authorization } = clients.initech;
    expect(await authorization.extendGrant({ callId: second.callId })).toEqual({ grantedUntilMs: 20_000n });
    const receipt = await finish(second, clients.initech);
    const named = (text: unknown) => JSON.stringify(text, (_, value: unknown) => (typeof value === 'bigint' ? `${value}n` : value)).replaceAll(/initech|acme|CA[0-9a-f]{32}|pol-[0-9a-f]{20}/g, 'x');
    expect(named(receipt)).toBe(named(twinReceipt));
    const eventsOf = async (script: CallScript) => (await billingEvents(nats.bus, script)).map(({ type, time, sequence }) => ({ type, time, sequence }));
    expect(named(await eventsOf(second))).toBe(named(await eventsOf(first)));
    expect(await clients.initech.billing.explainCharge({ callId: second.callId })).toMatchObject({ identical: true, differences: [] });
  });

  test('knows a top-up again, and refuses its id for another', async () => {
    const before = await clients.acme.billing.getWallet({ address: alice });
    expect((await topUp(clients.acme, alice, 900_000n, topUpId)).entryId).toBe(`acme/${alice}/000000000000`);
    expect(await clients.acme.billing.getWallet({ address: alice })).toEqual(before);
    await expect(topUp(clients.acme, alice, 900_001n, topUpId)).rejects.toMatchObject({ code: 'request.idempotency_conflict' });
    await expect(topUp(clients.acme, bob, 900_000n, topUpId)).rejects.toMatchObject({ code: 'request.idempotency_conflict' });
  });

  test('knows disputes, and the requests that opened and resolved them', async () => {
    const [open, again, accepted] = settled.slice(0, 3) as [CallScript, CallScript, CallScript];
    const { billing } = clients.acme;
    const disputesOf = async ({ callId }: CallScript) => (await billing.getReceipt({ callId })).receipt!.disputes;
    expect((await Promise.all([open, again, accepted].map(disputesOf))).map((disputes) => disputes.map(({ state }) => state))).toEqual([
      [DisputeState.OPEN],
      [DisputeState.REJECTED, DisputeState.OPEN],
      [DisputeState.ACCEPTED],
    ]);
    const { dispute } = await billing.openDispute(openRequest(open, 'open'));
    expect([dispute]).toEqual(await disputesOf(open));
    await expect(billing.openDispute({ ...openRequest(open, 'open'), reason: 'else' })).rejects.toMatchObject({ code: 'request.idempotency_conflict' });
    await expect(billing.openDispute(openRequest(open, 'second'))).rejects.toMatchObject({ code: 'dispute.already_open' });
    const acceptance = { requestId: 'accept', disputeId: acceptedDispute, outcome: accept(3_000n), reason: 'true' };
    await expect(billing.resolveDispute({ ...acceptance, outcome: accept(4_000n) })).rejects.toMatchObject({ code: 'request.idempotency_conflict' });
    const { balance } = (await billing.getWallet({ address: alice })).wallet!;
    await billing.resolveDispute(acceptance);
    expect((await billing.getWallet({ address: alice })).wallet?.balance).toEqual(balance);
    await billing.resolveDispute({ requestId: 'late', disputeId: dispute!.disputeId, outcome: accept(1_000n), reason: 'true' });
    expect((await billing.getWallet({ address: alice })).wallet?.balance?.micros).toBe(balance!.micros + 1_000n);
  });

  test('tells of default policies with ids that were not used before', async () => {
    const count = async () => (await ledgerEvents(nats.bus, 'globex')).filter(({ event }) => event?.$case === 'defaultPolicySet').length;
    const before = await count();
    await clients.globex.billing.setDefaultPolicy({ policyId: '' });
    expect(await count()).toBe(before + 1);
  });

  test('charges what came late once it is covered, as the lost one would have', async () => {
    await owes(rebuilt.db, owing);
    await topUp(await service.clients('owing'), alice, 50_000n);
    await collectLate(rebuilt.db);
    expect(valuesOf(await billingEvents(nats.bus, owing), 'adjusted')).toMatchObject([{ difference: { micros: 105_000n }, reason: 'late_reaction' }]);
  });

  test('explains every call, and has published no event twice with two contents', async () => {
    for (const script of settled) {
      const { billing } = await service.clients(script.accountId);
      expect(await billing.explainCharge({ callId: script.callId })).toMatchObject({ identical: true, differences: [] });
    }
    for (const script of eachPaid) {
      const { billing } = await service.clients(script.accountId);
      for (const payer of [Party.CALLER, Party.CALLEE]) expect(await billing.explainCharge({ callId: script.callId, payer })).toMatchObject({ identical: true, differences: [] });
    }
    for (const accountId of [...accounts, 'poor', 'owing', 'paying']) {
      const byCall = [...(await billingEventsByCall(nats.bus, accountId)).values()];
      for (const events of byCall.flatMap((ofCall) => [...Map.groupBy(ofCall, ({ source }) => source).values()])) expect(events.map(({ sequence }) => sequence)).toEqual(events.map((_, index) => BigInt(index)));
    }
    await eventually(async () => expectWhole(rebuilt.db));
  });
});

test('a dispute of which only is told what it gave back was accepted, and that is told at the next start', async () => {
  const toldOf = async () => (await ledgerEvents(nats.bus, 'acme')).filter(({ event }) => event?.$case === 'disputeChanged' && event.value.dispute?.disputeId === acceptedDispute);
  const before = await toldOf();
  expect(before.map(({ event }) => (event?.$case === 'disputeChanged' ? event.value.dispute?.state : undefined))).toEqual([DisputeState.OPEN, DisputeState.ACCEPTED]);
  await deleteOfLedger(`${acceptedDispute}/resolved`);
  await service.stop(0);
  await resumed.db.dropDatabase();
  await rebuild(resumed.db, nats.bus);
  const [callId] = acceptedDispute.split('-') as [string];
  const billing = createBilling({ db: resumed.db, publisher: publisher(), timeouts: { recognitionMs: 0n, authorizationMs: 0n, silenceMs: 0n } });
  const { charge } = await billing.getReceipt('acme', { callId });
  expect(charge).toMatchObject({ disputes: [{ disputeId: acceptedDispute, resolved: { outcome: 'accepted', amountMicros: 3_000n, note: 'true' } }] });
  expect(await toldOf()).toHaveLength(1);
  // The broker remembers the id of the message that was deleted for a while.
  await nats.bus.jsm.streams.update(ledgerStream, { duplicate_window: 100_000_000 });
  await sleep(300);
  await billing.charges.runLeftEffects([partitionOf(callId)]);
  expect(await toldOf()).toEqual(before);
  await eventually(async () => expectWhole(resumed.db));
});

test('of a call whose events are no longer kept only its entries are there, which is no fault', async () => {
  // One of the policy with a share for the host.
  const old = settled[1];
  const [first] = await readCallEvents(nats.bus, 'call', old!);
  await nats.bus.jsm.streams.deleteMessage(eventStreams.call, first!.event.streamSequence);
  await service.stop(0);
  await resumed.db.dropDatabase();
  expect(await rebuild(resumed.db, nats.bus)).toMatchObject({ forgotten: 1, differences: [] });
  await eventually(async () => expectWhole(resumed.db));
  const _id = `${old!.callId} ${old!.accountId}/${alice}`;
  const charges = resumed.db.collection<{ _id: string }>('forgotten_charges');
  const forgotten = async (set: Document) => {
    await charges.updateOne({ _id }, { $set: set });
    return (await verifyLedger(resumed.db)).faults;
  };
  const { chargedMicros } = (await charges.findOne({ _id })) as Document;
  expect(await forgotten({ chargedMicros: 1n })).toEqual([expect.stringMatching(/^CA.*: when the database was rebuilt its entries added up to 1, and now to /)]);
  const share = ((chargedMicros as bigint) * 333n) / 1000n;
  expect(await forgotten({ chargedMicros, hostMicros: 1n })).toEqual([`${_id}: when the database was rebuilt its host had 1, and now ${share}`]);
});

test('a LEDGER stream that is not whole is refused', async () => {
  await deleteOfLedger(`globex/${alice}/000000000001`);
  await resumed.db.dropDatabase();
  await expect(rebuild(resumed.db, nats.bus)).rejects.toMatchObject({ code: 'rebuild.broken_stream' });
});
