import { parleyError } from '@parley/errors';

export type BucketKind = 'paid' | 'free' | 'promotional';

/** What sets one part of a balance apart from another. */
export interface BucketTerms {
  readonly kind: BucketKind;
  /** Lower is drawn first. */
  readonly priority: number;
  /** Unix time in ms from which on nothing of it can be used; undefined: never. */
  readonly expiresAtMs: bigint | undefined;
}

/** What is left of a part of a balance. */
export interface Bucket {
  readonly name: string;
  readonly restMicros: bigint;
}

/** A balance with its parts. What is in no bucket is the plain part: paid, of priority 0, without an end. It alone may be below zero. */
export interface Parted {
  readonly balanceMicros: bigint;
  /** Oldest first, none empty. Absent: none. */
  readonly buckets?: readonly Bucket[];
}

/** An amount of one part; `bucket` undefined: the plain one. */
export interface Draw {
  readonly bucket: string | undefined;
  readonly amountMicros: bigint;
}

const mostBuckets = 100;
const plainTerms: BucketTerms = { kind: 'paid', priority: 0, expiresAtMs: undefined };
const namePattern = /^(?<kind>paid|free|promotional)\/(?<priority>-?\d+)(\/(?<expiresAtMs>\d+))?$/;

/**
 * `<kind>/<priority>[/<expiry>]`: money of the same terms is one bucket, so that ledger entries, which name it, say all about it.
 * @returns undefined for the plain part.
 */
export function bucketNameOf({ kind, priority, expiresAtMs }: BucketTerms): string | undefined {
  if (kind === plainTerms.kind && priority === plainTerms.priority && expiresAtMs === undefined) return undefined;
  return [kind, priority, ...(expiresAtMs === undefined ? [] : [expiresAtMs])].join('/');
}

/** @throws ParleyError `internal` for what is no name of a bucket. */
export function bucketTermsOf(name: string | undefined): BucketTerms {
  if (name === undefined) return plainTerms;
  const { kind, priority, expiresAtMs } = namePattern.exec(name)?.groups ?? {};
  if (kind === undefined || priority === undefined) throw parleyError('internal', 'not the name of a bucket');
  return { kind: kind as BucketKind, priority: Number(priority), expiresAtMs: expiresAtMs === undefined ? undefined : BigInt(expiresAtMs) };
}

export function plainMicros({ balanceMicros, buckets = [] }: Parted): bigint {
  return buckets.reduce((rest, { restMicros }) => rest - restMicros, balanceMicros);
}

/** All parts in the order in which they are drawn: by priority, then by expiry, then the oldest; the plain one last among equals. */
export function inDrawingOrder(parted: Parted): Draw[] {
  const parts = [...(parted.buckets ?? []).map(({ name, restMicros }) => ({ bucket: name, amountMicros: restMicros })), { bucket: undefined, amountMicros: plainMicros(parted) }];
  return parts
    .map((part) => ({ part, terms: bucketTermsOf(part.bucket) }))
    .sort((one, other) => one.terms.priority - other.terms.priority || compareExpiry(one.terms, other.terms))
    .map(({ part }) => part);
}

function compareExpiry({ expiresAtMs: one }: BucketTerms, { expiresAtMs: other }: BucketTerms): number {
  if (one === other) return 0;
  if (one === undefined || other === undefined) return one === undefined ? 1 : -1;
  return one < other ? -1 : 1;
}

/** From which parts an amount comes, one draw each. What no part has is credit, and is owed by the plain one. */
export function drawsOf(parted: Parted, amountMicros: bigint): Draw[] {
  let openMicros = amountMicros;
  const draws = new Map<string | undefined, bigint>();
  for (const { bucket, amountMicros: restMicros } of inDrawingOrder(parted)) {
    const drawnMicros = lesser(openMicros, restMicros);
    if (drawnMicros <= 0n) continue;
    draws.set(bucket, drawnMicros);
    openMicros -= drawnMicros;
  }
  if (openMicros > 0n) draws.set(undefined, (draws.get(undefined) ?? 0n) + openMicros);
  return [...draws].map(([bucket, drawnMicros]) => ({ bucket, amountMicros: drawnMicros }));
}

/**
 * What expired buckets lose at this time (Unix, ms), the one that expired first before the others: never what is held, which
 * `availableMicros` does not contain.
 */
export function expiredDraws(parted: Parted, atMs: bigint, availableMicros: bigint): Draw[] {
  let openMicros = availableMicros;
  const expired = (parted.buckets ?? []).map((bucket) => ({ ...bucket, terms: bucketTermsOf(bucket.name) })).filter(({ terms }) => isExpired(terms, atMs));
  return expired.sort((one, other) => compareExpiry(one.terms, other.terms)).flatMap(({ name, restMicros }) => {
    const takenMicros = lesser(restMicros, openMicros);
    if (takenMicros <= 0n) return [];
    openMicros -= takenMicros;
    return [{ bucket: name, amountMicros: takenMicros }];
  });
}

export function isExpired({ expiresAtMs }: BucketTerms, atMs: bigint): boolean {
  return expiresAtMs !== undefined && expiresAtMs <= atMs;
}

/**
 * The balance and its part with so much more; less, if negative.
 * @throws ParleyError `wallet.too_many_buckets`
 */
export function changePart<P extends Parted>(parted: P, bucket: string | undefined, differenceMicros: bigint): P {
  const balanceMicros = parted.balanceMicros + differenceMicros;
  if (bucket === undefined) return { ...parted, balanceMicros };
  const before = parted.buckets ?? [];
  const known = before.some(({ name }) => name === bucket);
  if (!known && before.length >= mostBuckets) throw parleyError('wallet.too_many_buckets', `a balance has at most ${mostBuckets} parts`);
  const changed = known
    ? before.map((part) => (part.name === bucket ? { ...part, restMicros: part.restMicros + differenceMicros } : part))
    : [...before, { name: bucket, restMicros: differenceMicros }];
  return { ...parted, balanceMicros, buckets: changed.filter(({ restMicros }) => restMicros !== 0n) };
}

function lesser(one: bigint, other: bigint): bigint {
  return one < other ? one : other;
}
