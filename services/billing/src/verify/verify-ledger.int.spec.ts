import { randomUUID } from 'node:crypto';
import { beforeAll, beforeEach, describe, expect, test } from '@jest/globals';
import { createPublisher } from '@parley/bus';
import { BucketKind, Channel, PriceTerms } from '@parley/contracts';
import { eventually, testBus, testDatabase, testKeys } from '@parley/testing';
import type { Document } from 'mongodb';
import { alice, bob, CallScript, evidence } from '../test-support/call-script.ts';
import { createSamplePolicy } from '../test-support/policy-request.ts';
import { startedBilling } from '../test-support/started-billing.ts';
import { billingEvents, valuesOf } from '../test-support/stream-reader.ts';
import { entryEncodingOf } from '../domain/ledger-entry.ts';
import { sha256 } from '../store/sha256.ts';
import { readLedger } from '../bus/ledger-reader.ts';
import { verifyLedger } from './verify-ledger.ts';
import { verifyStream } from './verify-stream.ts';

const nats = testBus();
const database = testDatabase();
const keys = testKeys();
const service = startedBilling({ nats, database, keys });

const collections = ['wallets', 'ledger_entries', 'ledger_keys', 'charges', 'credit_limits'] as const;
/** A database in which a call was settled and another one goes on. */
let whole: Record<(typeof collections)[number], Document[]>;
let settled: CallScript;
let open: CallScript;
const carol = 'client:carol';

beforeAll(async () => {
  const accountId = 'acme';
  const { billing, authorization } = await service.clients(accountId);
  const { policyId } = await createSamplePolicy(billing, { prices: PriceTerms.fromPartial({ hostPermille: 333 }) });
  for (const address of [alice, bob]) await billing.topUpWallet({ requestId: randomUUID(), address, amount: { currency: 'EUR', micros: 1_000_000n } });
  // So much that the first charge of carol's call is drawn from it and from the plain part.
  const gift = { kind: BucketKind.PROMOTIONAL, priority: -1, expiresAt: undefined };
  await billing.topUpWallet({ requestId: 'gift', address: carol, amount: { currency: 'EUR', micros: 4_000n }, bucket: gift });
  await billing.topUpWallet({ requestId: 'paid', address: carol, amount: { currency: 'EUR', micros: 200_000n } });
  for (const [requestId, micros] of [['first', 500n], ['second', 0n]] as const) await billing.setCreditLimit({ requestId, address: alice, limit: { currency: 'EUR', micros } });
  const publisher = createPublisher(nats.bus);
  const play = async (finalMs?: number, from = alice): Promise<CallScript> => {
    const script = new CallScript(accountId);
    const granted = await authorization.authorizeCharge({ callId: script.callId, from, to: bob, policyId });
    const begun = [script.initiated(granted.authorization), script.videoStarted('caller'), script.observing('caller'), script.progress('caller', [evidence(Channel.FACE, 0, 3_000)])];
    const ended = finalMs === undefined ? [] : [script.ended('caller', finalMs), script.completed(finalMs)];
    for (const event of [...begun, ...ended]) await publisher.publish(event);
    return script;
  };
  settled = await play(3_000);
  open = await play();
  const parted = await play(3_000, carol);
  await eventually(async () => expect(valuesOf(await billingEvents(nats.bus, settled), 'settled')).toHaveLength(1));
  await eventually(async () => expect(valuesOf(await billingEvents(nats.bus, open), 'charged')).toHaveLength(3));
  await eventually(async () => expect(valuesOf(await billingEvents(nats.bus, parted), 'settled')).toHaveLength(1));
  await eventually(async () => expect((await verifyLedger(database.db)).faults).toEqual([]));
  const found = await Promise.all(collections.map(async (name) => [name, await database.db.collection(name).find().toArray()] as const));
  whole = Object.fromEntries(found) as unknown as typeof whole;
});

beforeEach(async () => {
  for (const name of collections) {
    await database.db.collection(name).deleteMany({});
    await database.db.collection(name).insertMany(structuredClone(whole[name]));
  }
});

const againstStream = async (): Promise<readonly string[]> => (await verifyStream(database.db, (onCommand) => readLedger(nats.bus, onCommand))).faults;
const faults = async (): Promise<readonly string[]> => (await verifyLedger(database.db)).faults;
const walletId = `acme/${alice}`;
const host = `host:acme/${bob}`;
const entryId = (number: number): string => `${walletId}/${String(number).padStart(12, '0')}`;
const change = (name: (typeof collections)[number], _id: string, set: Document) => database.db.collection(name).updateOne({ _id: _id as never }, { $set: set });
const remove = (name: (typeof collections)[number], _id: string) => database.db.collection(name).deleteOne({ _id: _id as never });
const entry = (number: number): Document => whole.ledger_entries.find(({ _id }) => (_id as unknown) === entryId(number))!;

describe('a ledger', () => {
  test('that nobody touched adds up', async () => {
    const { wallets, entries, charges, heldMicros } = await verifyLedger(database.db);
    expect({ wallets, entries, charges }).toEqual({ wallets: 3, entries: 14, charges: 3 });
    expect([...heldMicros]).toEqual([['EUR', 2_114_000n]]);
  });

  test('of which a crash left the last entry in the outbox adds up', async () => {
    const last = entry(6);
    await remove('ledger_entries', entryId(6));
    await remove('ledger_keys', `${walletId}/${String(last['key'])}`);
    const { _id, ...content } = last;
    await change('wallets', walletId, { outbox: [content], pending: true });
    expect(await faults()).toEqual([]);
  });

  test.each<[string, () => Promise<unknown>, string[]]>([
    ['an amount that was changed', () => change('ledger_entries', entryId(2), { amountMicros: 1n }), [`${entryId(2)}: the balance after it is 980000, and should be 989999`]],
    ['an entry that was deleted', () => remove('ledger_entries', entryId(2)), [`${entryId(3)}: entry 2 should come here`, `ledger_keys: 1 keys without an entry`]],
    ['an entry of another amount that was made to fit', async () => {
      await change('ledger_entries', entryId(6), { amountMicros: 9_999n, balanceAfterMicros: 940_001n });
      await change('wallets', walletId, { 'wallet.balanceMicros': 940_001n });
    }, ['the charge says 30000, and its entries add up to 29999']],
    ['a forged top-up', async () => {
      await database.db.collection('ledger_entries').insertOne({ ...entry(0), _id: entryId(7) as never, number: 7n, key: 'forged', balanceAfterMicros: 1_940_000n });
    }, [`${entryId(7)}: its key forged is missing`, `${walletId}: its next entry is 7, and the last one that is there 7`, `${walletId}: its balance is 940000, and its entries add up to 1940000`]],
    ['an amount that was changed with all that follows from it', async () => {
      const [taken, later] = [2, [3, 4, 5, 6]] as const;
      await change('ledger_entries', entryId(taken), { amountMicros: 9_999n, balanceAfterMicros: BigInt(String(entry(taken)['balanceAfterMicros'])) + 1n });
      for (const number of later) await change('ledger_entries', entryId(number), { balanceAfterMicros: BigInt(String(entry(number)['balanceAfterMicros'])) + 1n });
      await change('wallets', walletId, { 'wallet.balanceMicros': 940_001n });
      for (const { callId } of [settled, open]) await change('charges', callId, { 'charge.published.chargedMicros': String(entry(taken)['callId']) === callId ? 29_999n : 30_000n });
    }, [2, 3, 4, 5, 6].map((number) => `${entryId(number)}: its hash is not that of what it says`)],
    ['an entry whose hash was made to fit', async () => {
      const { _id, hash: _hash, ...content } = { ...entry(2), causeId: 'another' } as Document;
      await change('ledger_entries', entryId(2), { causeId: 'another', hash: sha256(entryEncodingOf(content as never)) });
    }, [`${entryId(3)}: it does not follow the entry before it by its hash`]],
    ['hashes that were taken away', () => database.db.collection('ledger_entries').updateMany({}, { $unset: { hash: '', previousHash: '' } }), [`${entryId(0)}: its hash is not that of what it says`, `${walletId}: the hash of its last entry is not the one that it keeps`]],
    ['a balance that was changed', () => change('wallets', walletId, { 'wallet.balanceMicros': 950_000n }), [`${walletId}: its balance is 950000, and its entries add up to 940000`]],
    ['a key that was deleted', () => remove('ledger_keys', `${walletId}/${String(entry(3)['key'])}`), [`${entryId(3)}: its key `]],
    ['a key of no entry', () => database.db.collection('ledger_keys').insertOne({ _id: `${walletId}/nothing` as never, number: 99n }), ['ledger_keys: 1 keys without an entry']],
    ['a side that was changed', () => change('ledger_entries', entryId(1), { creditAccount: 'wallet:mallory/x' }), [`${entryId(1)}: a charge is from wallet:${walletId} to revenue:acme, not from wallet:${walletId} to wallet:mallory/x`]],
    ['a wallet that was deleted', () => remove('wallets', `acme/${bob}`), [`acme/${bob}/000000000000: there is no wallet acme/${bob}`]],
    ['a charge that was deleted', () => remove('charges', settled.callId), ['entries of a call that has no charge']],
    ['something held for a call that is over', async () => {
      await change('charges', settled.callId, { outbox: [] });
      await change('wallets', walletId, { [`wallet.holds.${settled.callId}`]: { coverMicros: 2n, postedMicros: 1n, grantedMs: 5n } });
    }, [`${walletId}: something is held for`]],
    ['money moved from one part of the balance to another', () => change('wallets', `acme/${carol}`, { 'wallet.buckets': [{ name: 'promotional/-1', restMicros: 1n }] }), [`acme/${carol}: its parts are promotional/-1: 1, and by its entries none`]],
    ['a charge that says it is from another part', () => database.db.collection('ledger_entries').updateOne({ _id: `acme/${carol}/000000000003` as never }, { $set: { bucket: 'promotional/-1' } }), [`acme/${carol}/000000000003: more is taken from promotional/-1 than there is, by 6000`]],
    ['an expiry of what never expires', () => change('ledger_entries', `acme/${carol}/000000000002`, { reason: 'expiry' }), [`acme/${carol}/000000000002: promotional/-1 had not expired`]],
    ['a credit limit that was changed', () => change('wallets', walletId, { 'wallet.credit.limitMicros': 500n }), [`${walletId}: its credit limit is 500, and was last set to 0`]],
    ['a change of the credit limit that was deleted', () => remove('credit_limits', `${walletId}/first`), [`${walletId}: a change of its credit limit is missing`]],
    ['a share that was changed', () => change('ledger_entries', entryId(2), { 'share.amountMicros': 3_331n }), [`${entryId(2)}: its hash is not that of what it says`, `${entryId(2)}: its share is 3331 for ${host}, and should be 3330 for ${host}`]],
    ['more held than there is', () => change('wallets', walletId, { [`wallet.holds.${open.callId}.coverMicros`]: 2_000_000n }), [`${walletId}: more is held than its balance`]],
  ])('with %s does not', async (_what, tamper, expected) => {
    await tamper();
    const found = await faults();
    for (const text of expected) expect(found).toContainEqual(expect.stringContaining(text));
  });
});

/** What whoever can write the whole database would do: a change, and each hash from there on. */
async function rechain(from: number, changes: Readonly<Record<number, Document>> = { [from]: { causeId: 'another' } }): Promise<void> {
  let previousHash = String(entry(from)['previousHash']);
  for (let number = from; number <= 6; number += 1) {
    const { _id, hash: _hash, ...content } = { ...entry(number), previousHash, ...changes[number] } as Document;
    if (content['share'] === undefined) delete content['share'];
    const hash = sha256(entryEncodingOf(content as never));
    await database.db.collection('ledger_entries').replaceOne({ _id: entryId(number) as never }, { ...content, hash });
    previousHash = hash;
  }
  await change('wallets', walletId, { 'wallet.headHash': previousHash });
}

describe('a share whose hashes were computed anew', () => {
  const share = (amountMicros: bigint, account = host) => ({ share: { account, amountMicros } });
  const fault = (number: number, is: string) => `${entryId(number)}: its share is ${is}, and should be 3330 for ${host}`;

  test.each<[string, Readonly<Record<number, Document>>, string[]]>([
    ['is more', { 2: share(10_000n) }, [fault(2, `10000 for ${host}`)]],
    ['is nothing', { 2: { share: undefined } }, [fault(2, 'nothing')]],
    ['is for somebody else', { 2: share(3_330n, 'host:acme/client:mallory') }, [fault(2, '3330 for host:acme/client:mallory')]],
    ['is that of another entry of the call', { 2: share(3_329n), 3: share(3_331n) }, [fault(2, `3329 for ${host}`), fault(3, `3331 for ${host}`)]],
    ['is of a top-up', { 0: share(1n) }, [`${entryId(0)}: it is of no call, and has a share`]],
  ])('is found where it %s', async (_what, changes, expected) => {
    await rechain(Number(Object.keys(changes)[0]), changes);
    expect(await faults()).toEqual(expected);
  });
});

describe('held against the LEDGER stream', () => {
  test('a ledger that nobody touched is the one that was published', async () => {
    expect(await verifyStream(database.db, (onCommand) => readLedger(nats.bus, onCommand))).toEqual({ entries: 14, faults: [] });
  });

  test('a whole chain that was computed anew is told from it', async () => {
    await rechain(2);
    expect(await faults()).toEqual([]);
    expect(await againstStream()).toEqual([2, 3, 4, 5, 6].map((number) => `${entryId(number)}: its hash is not the one that the LEDGER stream has`));
  });

  test('what was taken from the end of the ledger with all that told of it is missed', async () => {
    const last = entry(6);
    await remove('ledger_entries', entryId(6));
    await remove('ledger_keys', `${walletId}/${String(last['key'])}`);
    await change('wallets', walletId, { outbox: [], pending: false, 'wallet.nextEntry': 6n, 'wallet.headHash': entry(5)['hash'], 'wallet.balanceMicros': 950_000n });
    await change('charges', String(last['callId']), { 'charge.published.chargedMicros': 20_000n, outbox: [], pending: false });
    expect(await faults()).toEqual([]);
    expect(await againstStream()).toEqual([`${entryId(6)}: the LEDGER stream has it, and the database does not`]);
  });

  test('an entry that was never published is named, unless it is in the outbox', async () => {
    const { _id, ...content } = entry(6);
    const more = { ...content, number: 7n, key: 'more', previousHash: entry(6)['hash'] };
    const forged = { ...more, hash: sha256(entryEncodingOf(more as never)) };
    await database.db.collection('ledger_entries').insertOne({ _id: entryId(7) as never, ...forged });
    await change('wallets', walletId, { 'wallet.nextEntry': 8n, outbox: [forged], pending: true });
    expect(await againstStream()).toEqual([]);
    await change('wallets', walletId, { pending: false });
    expect(await againstStream()).toEqual([`${entryId(7)}: the database has it, and the LEDGER stream does not`]);
  });
});
