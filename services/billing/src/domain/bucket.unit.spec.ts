import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { isParleyError } from '@parley/errors';
import { sha256 } from '../store/sha256.ts';
import { bucketNameOf, bucketTermsOf, drawsOf, inDrawingOrder, isExpired, plainMicros, type BucketKind, type BucketTerms } from './bucket.ts';
import { setCreditLimit } from './credit-limit.ts';
import { signedMicros } from './ledger-entry.ts';
import { availableMicros, emptyWallet, expire, hold, post, release, reservedMicros, withoutExpired, type LedgerEntry, type Posting, type Wallet } from './wallet.ts';

const walletId = 'acme/client:alice';
const terms = (kind: BucketKind, priority: number, expiresAtMs?: bigint): BucketTerms => ({ kind, priority, expiresAtMs });
const posting = (changes: Partial<Posting>): Posting => ({ key: 'k', currency: 'EUR', amountMicros: 1n, reason: 'top_up', causeId: 'r1', callId: '', atMs: 1_000n, ...changes });
const charge = (amountMicros: bigint, changes: Partial<Posting> = {}) => posting({ reason: 'charge', callId: 'CA1', amountMicros, key: 'CA1/charge/0', ...changes });

/** A wallet to which these were added, one after the other. */
function walletOf(...added: [BucketTerms | undefined, bigint][]): Wallet {
  return added.reduce((wallet, [bucket, amountMicros]) => {
    const name = bucket && bucketNameOf(bucket);
    return post(wallet, posting({ amountMicros, ...(name !== undefined && { bucket: name }) }), sha256).wallet;
  }, emptyWallet(walletId, 'acme', 'EUR'));
}

const drawn = (entries: readonly LedgerEntry[]) => entries.map(({ key, bucket, amountMicros }) => [key, bucket, amountMicros]);

describe('the name of a bucket', () => {
  test.each<[BucketTerms, string | undefined]>([
    [terms('paid', 0), undefined],
    [terms('paid', 1), 'paid/1'],
    [terms('free', 0), 'free/0'],
    [terms('promotional', -5, 1_798_758_000_000n), 'promotional/-5/1798758000000'],
    [terms('paid', 0, 7n), 'paid/0/7'],
  ])('of %p is %p, and says all of it', (of, name) => {
    expect(bucketNameOf(of)).toBe(name);
    expect(bucketTermsOf(name)).toEqual(of);
  });
});

describe('a charge', () => {
  const wallet = walletOf([undefined, 100n], [terms('free', 2), 10n], [terms('promotional', -1, 9_000n), 20n], [terms('free', -1, 5_000n), 30n], [terms('free', 0), 40n]);

  test('draws by priority, then the earliest expiry, then the oldest, and the plain part last among equals', () => {
    const { entries } = post(wallet, charge(195n), sha256);
    expect(drawn(entries)).toEqual([
      ['CA1/charge/0', 'free/-1/5000', 30n],
      ['CA1/charge/0 #1', 'promotional/-1/9000', 20n],
      ['CA1/charge/0 #2', 'free/0', 40n],
      ['CA1/charge/0 #3', undefined, 100n],
      ['CA1/charge/0 #4', 'free/2', 5n],
    ]);
    expect(entries.map(({ balanceAfterMicros }) => balanceAfterMicros)).toEqual([170n, 150n, 110n, 10n, 5n]);
    expect(entries.map(({ number }) => number)).toEqual([5n, 6n, 7n, 8n, 9n]);
  });

  test('of the same priority and expiry takes what was there first', () => {
    const equal = walletOf([terms('promotional', 1), 5n], [terms('free', 1), 5n], [terms('promotional', 1), 5n]);
    expect(drawsOf(equal, 12n)).toEqual([{ bucket: 'promotional/1', amountMicros: 10n }, { bucket: 'free/1', amountMicros: 2n }]);
  });

  test('that one part covers is one entry, and an emptied part is no part', () => {
    const posted = post(wallet, charge(30n), sha256);
    expect(drawn(posted.entries)).toEqual([['CA1/charge/0', 'free/-1/5000', 30n]]);
    expect(posted.wallet.buckets?.map(({ name }) => name)).not.toContain('free/-1/5000');
  });

  test('goes on credit only when nothing is left anywhere, and the plain part owes it', () => {
    const limited = setCreditLimit(walletOf([undefined, 10n], [terms('free', 3), 5n]), { walletId, accountId: 'acme', currency: 'EUR', limitMicros: 100n, requestId: 'l', actor: 'ops', atMs: 1n }).wallet;
    const posted = post(limited, charge(50n), sha256);
    expect(drawn(posted.entries)).toEqual([['CA1/charge/0', undefined, 45n], ['CA1/charge/0 #1', 'free/3', 5n]]);
    expect(plainMicros(posted.wallet)).toBe(-35n);
    // What comes into a part does not pay what is owed: it is drawn first.
    const { wallet: given } = post(posted.wallet, posting({ key: 'gift', amountMicros: 8n, bucket: 'free/3' }), sha256);
    expect([given.balanceMicros, plainMicros(given)]).toEqual([-27n, -35n]);
    expect(drawsOf(given, 9n)).toEqual([{ bucket: 'free/3', amountMicros: 8n }, { bucket: undefined, amountMicros: 1n }]);
  });
});

describe('what expires', () => {
  const bucket = terms('promotional', 0, 5_000n);
  const ask = { callId: 'CA1', currency: 'EUR', postedMicros: 0n, steps: [{ untilMs: 10n, coverMicros: 70n }] };

  test('is there until then, and not from then on', () => {
    const wallet = walletOf([undefined, 50n], [bucket, 30n]);
    expect(expire(wallet, 4_999n, sha256)).toEqual({ wallet, entries: [] });
    const { wallet: after, entries } = expire(wallet, 5_000n, sha256);
    expect(entries).toEqual([expect.objectContaining({
      key: 'expiry/2', reason: 'expiry', causeId: 'promotional/0/5000', bucket: 'promotional/0/5000', amountMicros: 30n, balanceAfterMicros: 50n,
      debitAccount: `wallet:${walletId}`, creditAccount: 'expired:acme', callId: '', atMs: 5_000n,
    })]);
    expect([after.balanceMicros, after.buckets, after.headHash]).toEqual([50n, [], entries[0]!.hash]);
    expect(withoutExpired(wallet, 5_000n)).toMatchObject({ balanceMicros: 50n, buckets: [], nextEntry: 2n });
  });

  test('stays as far as it is held, can be charged, and goes when the hold ends', () => {
    const { wallet: held } = hold(walletOf([undefined, 50n], [bucket, 30n]), ask);
    const { wallet, entries } = expire(held, 5_000n, sha256);
    expect([entries.map(({ amountMicros }) => amountMicros), wallet.balanceMicros, availableMicros(wallet)]).toEqual([[10n], 70n, 0n]);
    expect(expire(wallet, 6_000n, sha256).entries).toEqual([]);
    const charged = post(wallet, charge(15n, { atMs: 6_000n }), sha256);
    expect(drawn(charged.entries)).toEqual([['CA1/charge/0', 'promotional/0/5000', 15n]]);
    const over = expire(release(charged.wallet, 'CA1'), 6_000n, sha256);
    expect([over.entries.map(({ amountMicros }) => amountMicros), over.wallet.balanceMicros]).toEqual([[5n], 50n]);
  });

  test('cannot be added any more', () => {
    expect(() => post(walletOf(), posting({ bucket: 'promotional/0/5000', atMs: 5_000n }), sha256)).toThrow(expect.objectContaining({ code: 'wallet.bucket_expired' }));
  });
});

test('a balance has at most 100 parts with terms of their own', () => {
  const many = walletOf(...Array.from({ length: 100 }, (_, nth): [BucketTerms, bigint] => [terms('free', nth + 1), 1n]));
  expect(() => post(many, posting({ bucket: 'free/101' }), sha256)).toThrow(expect.objectContaining({ code: 'wallet.too_many_buckets' }));
  expect(post(many, posting({ bucket: 'free/100' }), sha256).wallet.balanceMicros).toBe(101n);
});

describe('whatever is asked of a wallet with buckets and a credit limit', () => {
  const calls = fc.constantFrom('CA1', 'CA2', 'CA3');
  const buckets = fc.constantFrom(undefined, 'free/0', 'free/-1/20', 'promotional/1', 'promotional/1/40', 'paid/2/60', 'promotional/-1/20');
  const command = fc.oneof(
    fc.record({ do: fc.constant('top_up' as const), amountMicros: fc.bigInt({ min: 1n, max: 60n }), bucket: buckets }),
    fc.record({ do: fc.constant('charge' as const), callId: calls, amountMicros: fc.bigInt({ min: 1n, max: 60n }) }),
    fc.record({ do: fc.constant('hold' as const), callId: calls, untilMs: fc.bigInt({ min: 1n, max: 90n }), coverMicros: fc.bigInt({ min: 0n, max: 120n }) }),
    fc.record({ do: fc.constant('release' as const), callId: calls }),
    fc.record({ do: fc.constant('limit' as const), limitMicros: fc.bigInt({ min: 0n, max: 50n }) }),
  );
  const timed = fc.tuple(command, fc.bigInt({ min: 0n, max: 6n }));

  type Command = typeof command extends fc.Arbitrary<infer C> ? C : never;
  type Changed = { readonly wallet: Wallet; readonly entries?: readonly LedgerEntry[] };

  function change(wallet: Wallet, asked: Command, atMs: bigint): Changed {
    switch (asked.do) {
      case 'top_up':
        return post(wallet, posting({ amountMicros: asked.amountMicros, atMs, ...(asked.bucket !== undefined && { bucket: asked.bucket }) }), sha256);
      case 'charge':
        return post(wallet, charge(asked.amountMicros, { callId: asked.callId, atMs }), sha256);
      case 'hold':
        return hold(wallet, { callId: asked.callId, currency: 'EUR', postedMicros: 0n, steps: [{ untilMs: asked.untilMs, coverMicros: asked.coverMicros }] });
      case 'release':
        return { wallet: release(wallet, asked.callId) };
      case 'limit':
        return setCreditLimit(wallet, { walletId, accountId: 'acme', currency: 'EUR', limitMicros: asked.limitMicros, requestId: 'l', actor: 'ops', atMs });
    }
  }

  /** As the store does it: what has expired goes first, and what the command sets free goes with it. A refused one changes nothing. */
  function apply(before: Wallet, asked: Command, atMs: bigint): Required<Changed> {
    try {
      const due = expire(before, atMs, sha256);
      const { wallet, entries = [] } = change(due.wallet, asked, atMs);
      const freed = expire(wallet, atMs, sha256);
      return { wallet: freed.wallet, entries: [...due.entries, ...entries, ...freed.entries] };
    } catch (error) {
      if (!isParleyError(error)) throw error;
      return { wallet: before, entries: [] };
    }
  }

  test('its parts add up to its balance, none is overspent, charges draw in order, and what is held does not expire', () => {
    fc.assert(
      fc.property(fc.array(timed, { maxLength: 50 }), (commands) => {
        let wallet = emptyWallet(walletId, 'acme', 'EUR');
        let [atMs, highestLimit] = [0n, 0n];
        const sums = new Map<string | undefined, bigint>();
        for (const [asked, passedMs] of commands) {
          atMs += passedMs;
          const before = wallet;
          const applied = apply(before, asked, atMs);
          wallet = applied.wallet;
          highestLimit = wallet.credit !== undefined && wallet.credit.limitMicros > highestLimit ? wallet.credit.limitMicros : highestLimit;
          for (const entry of applied.entries) {
            sums.set(entry.bucket, (sums.get(entry.bucket) ?? 0n) + signedMicros(entry));
            expect(sums.get(entry.bucket)! >= 0n || entry.bucket === undefined).toBe(true);
          }
          // By its entries, each part is what the wallet says, and all are the balance.
          expect([...sums.values()].reduce((sum, micros) => sum + micros, 0n)).toBe(wallet.balanceMicros);
          for (const { bucket, amountMicros } of inDrawingOrder(wallet)) expect(amountMicros).toBe(sums.get(bucket) ?? 0n);
          // Never overspent, whatever the limit was when.
          expect(wallet.balanceMicros - reservedMicros(wallet)).toBeGreaterThanOrEqual(-highestLimit);
          // A charge takes nothing from a part while there is something in one before it.
          const charged = applied.entries.filter(({ reason }) => reason === 'charge');
          expect(charged.map(({ key }) => key)).toEqual(charged.map((_, part) => (part === 0 ? 'CA1/charge/0' : `CA1/charge/0 #${part}`)));
          expect(charged.length === 0 || sumOf(charged) === amountOf(asked)).toBe(true);
          if (charged.length > 0) expectDrawnInOrder(before, atMs, charged);
          // What has expired is gone, but for what is held.
          const expired = inDrawingOrder(wallet).filter(({ bucket }) => isExpired(bucketTermsOf(bucket), atMs));
          if (wallet !== before && expired.length > 0) expect(availableMicros(wallet)).toBeLessThanOrEqual(0n);
          if (availableMicros(before) >= 0n && asked.do !== 'limit') expect(availableMicros(wallet)).toBeGreaterThanOrEqual(0n);
        }
      }),
    );
  });

  const sumOf = (entries: readonly LedgerEntry[]) => entries.reduce((sum, { amountMicros }) => sum + amountMicros, 0n);
  const amountOf = (asked: object): unknown => ('amountMicros' in asked ? asked.amountMicros : undefined);

  function expectDrawnInOrder(before: Wallet, atMs: bigint, charged: readonly LedgerEntry[]): void {
    const parts = inDrawingOrder(expire(before, atMs, sha256).wallet).filter(({ amountMicros }) => amountMicros > 0n);
    let openMicros = sumOf(charged);
    for (const { bucket, amountMicros } of parts) {
      const takenMicros = openMicros < amountMicros ? openMicros : amountMicros;
      openMicros -= takenMicros;
      const toldMicros = charged.find((entry) => entry.bucket === bucket)?.amountMicros ?? 0n;
      if (bucket === undefined) expect(toldMicros).toBeGreaterThanOrEqual(takenMicros);
      else expect(toldMicros).toBe(takenMicros);
    }
  }
});
