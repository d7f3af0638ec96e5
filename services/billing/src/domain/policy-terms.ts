import { isCurrency, type RoundingMode } from '@parley/money';
import { parleyError, type FieldViolation } from '@parley/errors';

/** Values of a billing policy. Durations and instants are milliseconds of media time, amounts micro-units. */
export interface PolicyTerms {
  /** ISO 4217 alphabetic code. */
  readonly currency: string;
  readonly rateMicros: bigint;
  /** Length of the time that `rateMicros` pays for. */
  readonly unitMs: bigint;
  /** The first charged milliseconds that cost nothing. */
  readonly freePeriodMs: bigint;
  /** T1, T2, T3 of the cascade (US 11558721, claim 4). */
  readonly faceAbsentMs: bigint;
  readonly voiceAbsentMs: bigint;
  readonly textAbsentMs: bigint;
  readonly textHoldMs: bigint;
  readonly maxGapMs: bigint;
  /** How long a face counts without a sign that it lives; 0: no sign is asked for. */
  readonly livenessMs: bigint;
  /** Claim 5. */
  readonly minFaceAreaRatio: number;
  readonly chargeRecoveredGrace: boolean;
  readonly chargeLapsedGrace: boolean;
  readonly rounding: RoundingMode;
  /** The cumulative charge is rounded once, to a multiple of this. */
  readonly roundingIncrementMicros: bigint;
  /** The media-time grid on which ledger entries are cut. */
  readonly entryGridMs: bigint;
  /** How much media time one grant covers. */
  readonly grantMs: bigint;
}

/** Terms as a request gives them: the rounding mode may be none. */
export type RequestedTerms = Omit<PolicyTerms, 'rounding'> & { readonly rounding: RoundingMode | undefined };

/** One immutable version of a policy. Versions count from 1. */
export interface PolicyVersion {
  readonly policyId: string;
  readonly version: number;
  readonly terms: PolicyTerms;
}

const dayMs = 86_400_000n;
/** For a policy that does not say otherwise, a still picture is not a reaction. */
export const defaultLivenessMs = 20_000n;
/** A thousand million units of the currency: a typing error, not a price. */
const maxAmountMicros = 1_000_000_000_000_000n;

type BigintField = { [K in keyof PolicyTerms]: PolicyTerms[K] extends bigint ? K : never }[keyof PolicyTerms];

/**
 * Inclusive bounds. The least grid and grant keep one call from making a ledger entry or a reservation a millisecond.
 */
const bounds = {
  rateMicros: ['rate_micros', 0n, maxAmountMicros],
  unitMs: ['unit_ms', 1n, dayMs],
  freePeriodMs: ['free_period_ms', 0n, dayMs],
  faceAbsentMs: ['face_absent_ms', 0n, dayMs],
  voiceAbsentMs: ['voice_absent_ms', 0n, dayMs],
  textAbsentMs: ['text_absent_ms', 0n, dayMs],
  textHoldMs: ['text_hold_ms', 0n, dayMs],
  maxGapMs: ['max_gap_ms', 1n, dayMs],
  livenessMs: ['liveness_ms', 0n, dayMs],
  roundingIncrementMicros: ['rounding_increment_micros', 1n, maxAmountMicros],
  entryGridMs: ['entry_grid_ms', 100n, dayMs],
  grantMs: ['grant_ms', 1_000n, dayMs],
} as const satisfies Record<BigintField, readonly [string, bigint, bigint]>;

/**
 * Checks terms; every fault is named with its path below `terms`.
 * @throws ParleyError `policy.unknown_currency` if that alone is wrong, else `policy.invalid_terms`.
 */
export function validateTerms(terms: RequestedTerms): PolicyTerms {
  const { rounding } = terms;
  const currencyFaults = isCurrency(terms.currency) ? [] : [fault('currency', 'is not an ISO 4217 code')];
  const otherFaults = [...boundFaults(terms), ...ratioFaults(terms.minFaceAreaRatio)];
  if (rounding === undefined) otherFaults.push(fault('rounding', 'has to be chosen'));
  const violations = [...currencyFaults, ...otherFaults];
  if (violations.length > 0 || rounding === undefined) {
    const code = otherFaults.length === 0 ? 'policy.unknown_currency' : 'policy.invalid_terms';
    const text = violations.map(({ field, description }) => `${field} ${description}`).join('; ');
    throw parleyError(code, text, { details: { violations } });
  }
  return { ...terms, rounding };
}

function boundFaults(terms: RequestedTerms): FieldViolation[] {
  return (Object.keys(bounds) as BigintField[]).flatMap((key) => {
    const [field, least, most] = bounds[key];
    const value = terms[key];
    return value < least || value > most ? [fault(field, `is ${value}, has to be from ${least} to ${most}`)] : [];
  });
}

function ratioFaults(ratio: number): FieldViolation[] {
  // Written so that NaN is a fault, too.
  return ratio >= 0 && ratio <= 1 ? [] : [fault('min_face_area_ratio', 'has to be from 0 to 1')];
}

function fault(field: string, description: string): FieldViolation {
  return { field: `terms.${field}`, description };
}
