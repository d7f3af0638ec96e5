import type { Db } from 'mongodb';
import type { Charge } from '../domain/charge.ts';
import type { ChargeEffect } from '../usecases/charge-store.ts';
import { callIdOf } from '../domain/charge-id.ts';
import { holderOf } from '../domain/correction.ts';
import type { CreditLimitChange } from '../domain/credit-limit.ts';
import { chargedMicrosOf, chargeKeyOf, entryEncodingOf, genesisHash, hostMicrosOf, isCredit, isManual, signedMicros } from '../domain/ledger-entry.ts';
import { entryIdOf, sidesOf, type LedgerEntry, type Wallet } from '../domain/wallet.ts';
import { sha256 } from '../store/sha256.ts';
import type { ForgottenCharge } from '../store/rebuilt-database.ts';
import { isEntry, type WalletDocument } from '../store/wallet-repository.ts';
import { bookBucket, bucketFaults, type BucketSums } from './buckets.ts';
import { creditFaults, lowestMicros, readLimits } from './credit-limits.ts';
import { entryShareFaults, readSplits } from './shares.ts';

export interface LedgerReport {
  readonly wallets: number;
  readonly entries: number;
  readonly charges: number;
  /** Of all wallets: what came in less what was charged, by currency. It is the sum of their balances. */
  readonly heldMicros: ReadonlyMap<string, bigint>;
  /** What does not add up, and where; the first thousand. */
  readonly faults: readonly string[];
}

interface ChargeDocument {
  readonly _id: string;
  readonly charge: Charge | { readonly status: 'free' };
  /** What follows from the last change, whether it was done or not. */
  readonly outbox: readonly ChargeEffect[];
}

/** How far the entries of one wallet were read. */
interface Account {
  readonly wallet: Wallet;
  /** Entries of the last change, whether they were written or not. */
  readonly outbox: readonly LedgerEntry[];
  readonly limits: readonly CreditLimitChange[];
  nextEntry: bigint;
  balanceMicros: bigint;
  readonly buckets: BucketSums;
  /** Of the last entry that has one. */
  headHash: string | undefined;
}

const mostFaults = 1000;
const progressEach = 10_000;

/**
 * Proves, for a whole database, that every balance follows from the entries: numbers without a hole, each entry's balance the
 * one before it with its amount, the hashes a chain, the parts of each balance those that the entries leave, both sides the ones of its reason, the host's share the one of what its call costs, no entry without its key and no key without its entry,
 * nothing held for a charge that is over, no balance below what is held and was ever given as credit, and of each call as much charged as its charge says.
 * What a crash left in an outbox counts as written: the next start writes it. Billing should not run meanwhile.
 *
 * It keeps a few words for each wallet and each call, and reads entries in the order of their ids.
 */
export async function verifyLedger(db: Db, onProgress: (text: string) => void = () => undefined): Promise<LedgerReport> {
  const faults: string[] = [];
  const fault = (text: string): void => {
    if (faults.length < mostFaults) faults.push(text);
  };
  const accounts = await readAccounts(db);
  const keys = db.collection<{ _id: string; number: bigint }>('ledger_keys');
  const splits = await readSplits(db);
  const chargedMicros = new Map<string, bigint>();
  const hostMicros = new Map<string, bigint>();
  const heldMicros = new Map<string, bigint>();
  const book = (entry: LedgerEntry, account: Account): void => {
    const key = chargeKeyOf(entry);
    const costMicros = chargedMicros.get(key) ?? 0n;
    for (const text of [...faultsOf(entry, account), ...bookBucket(account.buckets, entry), ...entryShareFaults(entry, splits, costMicros)]) fault(`${entryIdOf(entry)}: ${text}`);
    const signed = signedMicros(entry);
    account.balanceMicros += signed;
    account.nextEntry = entry.number + 1n;
    account.headHash = entry.hash ?? account.headHash;
    add(heldMicros, entry.currency, signed);
    if (entry.callId !== '') add(chargedMicros, key, chargedMicrosOf(entry));
    if (entry.share !== undefined) add(hostMicros, key, hostMicrosOf(entry));
  };

  let entries = 0;
  let keyed = 0;
  for await (const { _id, ...entry } of db.collection<LedgerEntry & { _id: string }>('ledger_entries').find().sort({ _id: 1 })) {
    entries += 1;
    if (entries % progressEach === 0) onProgress(`${entries} entries`);
    const account = accounts.get(entry.walletId);
    if (_id !== entryIdOf(entry)) fault(`${_id}: it says that it is ${entryIdOf(entry)}`);
    if (account === undefined) fault(`${_id}: there is no wallet ${entry.walletId}`);
    else book(entry, account);
    const key = await keys.findOne({ _id: `${entry.walletId}/${entry.key}` });
    const isPending = account !== undefined && account.outbox.some(({ number }) => number === entry.number);
    if (key?.number === entry.number) keyed += 1;
    else if (key !== null) fault(`${_id}: its key ${entry.key} is that of entry ${key.number}`);
    else if (!isPending) fault(`${_id}: its key ${entry.key} is missing`);
  }
  const unused = (await keys.countDocuments()) - keyed;
  if (unused > 0) fault(`ledger_keys: ${unused} keys without an entry`);

  for (const account of accounts.values()) {
    const { wallet, outbox } = account;
    for (const entry of outbox) if (entry.number >= account.nextEntry) book(entry, account);
    if (account.nextEntry !== wallet.nextEntry) fault(`${wallet.walletId}: its next entry is ${wallet.nextEntry}, and the last one that is there ${account.nextEntry - 1n}`);
    if (account.balanceMicros !== wallet.balanceMicros) fault(`${wallet.walletId}: its balance is ${wallet.balanceMicros}, and its entries add up to ${account.balanceMicros}`);
    if (account.headHash !== wallet.headHash) fault(`${wallet.walletId}: the hash of its last entry is not the one that it keeps`);
    for (const text of [...creditFaults(wallet, account.limits), ...bucketFaults(wallet, account.buckets)]) fault(`${wallet.walletId}: ${text}`);
  }
  const charges = await verifyCharges(db, { accounts, chargedMicros, hostMicros, fault });
  return { wallets: accounts.size, entries, charges, heldMicros, faults };
}

async function readAccounts(db: Db): Promise<Map<string, Account>> {
  const documents = await db.collection<WalletDocument>('wallets').find().toArray();
  const limits = await readLimits(db, documents.flatMap(({ outbox }) => outbox));
  return new Map(
    documents.map(({ _id, wallet, outbox }) => [
      _id,
      { wallet, outbox: outbox.filter(isEntry), limits: limits.get(_id) ?? [], nextEntry: 0n, balanceMicros: 0n, buckets: new Map(), headHash: undefined },
    ]),
  );
}

function faultsOf(entry: LedgerEntry, account: Account): string[] {
  const { number, debitAccount, creditAccount, currency, amountMicros, balanceAfterMicros, reason, callId } = entry;
  const { wallet, limits, nextEntry, balanceMicros } = account;
  const lowest = lowestMicros(limits, number);
  const { debitAccount: debit, creditAccount: credit } = sidesOf(reason, wallet, isCredit(entry));
  const after = balanceMicros + signedMicros(entry);
  return [
    ...(number === nextEntry ? [] : [`entry ${nextEntry} should come here`]),
    ...(amountMicros > 0n ? [] : [`its amount is ${amountMicros}`]),
    ...(currency === wallet.currency ? [] : [`it is in ${currency}, the wallet in ${wallet.currency}`]),
    ...(debitAccount === debit && creditAccount === credit ? [] : [`a ${reason} is from ${debit} to ${credit}, not from ${debitAccount} to ${creditAccount}`]),
    ...(balanceAfterMicros === after ? [] : [`the balance after it is ${balanceAfterMicros}, and should be ${after}`]),
    ...(after >= lowest ? [] : [`the balance after it is below ${lowest}: ${after}`]),
    ...chainFaults(entry, account),
    ...((reason === 'top_up' || reason === 'expiry') === (callId === '') ? [] : ['a charge names its call, and no other entry does']),
    ...(isManual(reason) && (entry.actor === undefined || entry.note === undefined) ? [`a ${reason} says who did it, and why`] : []),
  ];
}

function chainFaults({ hash, ...hashed }: LedgerEntry, { wallet, headHash = genesisHash }: Account): string[] {
  // Of before there was a chain.
  if (wallet.firstChained === undefined || hashed.number < wallet.firstChained) return [];
  return [
    ...(hash === sha256(entryEncodingOf(hashed)) ? [] : ['its hash is not that of what it says']),
    ...(hashed.previousHash === headHash ? [] : ['it does not follow the entry before it by its hash']),
  ];
}

interface ChargeChecks {
  readonly accounts: ReadonlyMap<string, Account>;
  readonly chargedMicros: Map<string, bigint>;
  /** What of that is the host's. */
  readonly hostMicros: ReadonlyMap<string, bigint>;
  readonly fault: (text: string) => void;
}

async function verifyCharges(db: Db, { accounts, chargedMicros, hostMicros, fault }: ChargeChecks): Promise<number> {
  const over = new Set<string>();
  let charges = 0;
  for await (const { _id, charge, outbox } of db.collection<ChargeDocument>('charges').find()) {
    charges += 1;
    const key = charge.status === 'free' ? freeKeyOf(_id) : chargeKeyOf({ callId: callIdOf(_id), walletId: charge.terms.walletId });
    const booked = (chargedMicros.get(key) ?? 0n) + (await owedMicros(db, accounts, outbox));
    chargedMicros.delete(key);
    const expected = 'published' in charge ? charge.published.chargedMicros : 0n;
    if (booked !== expected) fault(`${_id}: the charge says ${expected}, and its entries add up to ${booked}`);
    const isOver = charge.status === 'settled' || charge.status === 'closed' || charge.status === 'free';
    if (isOver && !outbox.some(({ kind }) => kind === 'release')) over.add(key);
  }
  const forgotten = db.collection<ForgottenCharge & { _id: string }>('forgotten_charges');
  for (const [key, micros] of chargedMicros) {
    const known = await forgotten.findOne({ _id: key });
    if (known === null) fault(`${key}: entries of a call that has no charge`);
    else if (known.chargedMicros !== micros) fault(`${key}: when the database was rebuilt its entries added up to ${known.chargedMicros}, and now to ${micros}`);
    else if ((known.hostMicros ?? 0n) !== (hostMicros.get(key) ?? 0n)) fault(`${key}: when the database was rebuilt its host had ${known.hostMicros ?? 0n}, and now ${hostMicros.get(key) ?? 0n}`);
  }
  for (const { wallet: { walletId, holds } } of accounts.values()) {
    for (const { callId } of Object.keys(holds).map(holderOf)) if (over.has(chargeKeyOf({ callId, walletId })) || over.has(freeKeyOf(callId))) fault(`${walletId}: something is held for ${callId}, which is over`);
  }
  return charges;
}

/** Nobody pays for a free call. */
function freeKeyOf(callId: string): string {
  return chargeKeyOf({ callId, walletId: '' });
}

/** What a charge has decided to post, and a crash kept it from posting: the next start does. */
async function owedMicros(db: Db, accounts: ReadonlyMap<string, Account>, outbox: readonly ChargeEffect[]): Promise<bigint> {
  const keys = db.collection<{ _id: string }>('ledger_keys');
  let owed = 0n;
  for (const effect of outbox) {
    if (effect.kind !== 'event' || effect.posting === undefined) continue;
    const { key, amountMicros } = effect.posting;
    const isBooked = accounts.get(effect.walletId)?.outbox.some((entry) => entry.key === key) ?? false;
    if (!isBooked && (await keys.findOne({ _id: `${effect.walletId}/${key}` })) === null) owed += amountMicros;
  }
  return owed;
}

function add(sums: Map<string, bigint>, name: string, micros: bigint): void {
  sums.set(name, (sums.get(name) ?? 0n) + micros);
}
