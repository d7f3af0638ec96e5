import { BucketKind as ProtoKind, type Bucket, type BucketTerms } from '@parley/contracts';
import { invalidArgument, type FieldViolation } from '@parley/errors';
import { nameOf, toMoney } from '../bus/convert.ts';
import { bucketNameOf, bucketTermsOf, type BucketKind, type Draw } from '../domain/bucket.ts';

const kinds = { paid: ProtoKind.PAID, free: ProtoKind.FREE, promotional: ProtoKind.PROMOTIONAL } as const satisfies Record<BucketKind, ProtoKind>;
const largestPriority = 1000;

/**
 * @returns the name of the bucket of these terms; undefined for the plain part.
 * @throws ParleyError `request.invalid_argument`, with all faults
 */
export function requireBucket({ kind: asked, priority, expiresAt }: BucketTerms, field: string): string | undefined {
  const kind = nameOf<BucketKind, ProtoKind>(kinds, asked);
  const expiresAtMs = expiresAt?.getTime();
  const violations: FieldViolation[] = [
    ...(kind === undefined ? [{ field: `${field}.kind`, description: 'has to be PAID, FREE or PROMOTIONAL' }] : []),
    ...(Math.abs(priority) > largestPriority ? [{ field: `${field}.priority`, description: `has to be ${-largestPriority} to ${largestPriority}` }] : []),
    ...(expiresAtMs === undefined || expiresAtMs >= 0 ? [] : [{ field: `${field}.expires_at`, description: 'has to be a time after 1970' }]),
  ];
  if (kind === undefined || violations.length > 0) throw invalidArgument(violations);
  return bucketNameOf({ kind, priority, expiresAtMs: expiresAtMs === undefined ? undefined : BigInt(expiresAtMs) });
}

export function toBucket({ bucket, amountMicros }: Draw, currency: string): Bucket {
  const { kind, priority, expiresAtMs } = bucketTermsOf(bucket);
  const expiresAt = expiresAtMs === undefined ? undefined : new Date(Number(expiresAtMs));
  return { name: bucket ?? '', terms: { kind: kinds[kind], priority, expiresAt }, rest: toMoney(currency, amountMicros) };
}
