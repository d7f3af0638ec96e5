import { isCurrency, type RoundingMode } from '@parley/money';
import { parleyError, type FieldViolation } from '@parley/errors';
import { isTimeZone, minutesOfWeek, type WeekBand } from './week.ts';

/** Values of a billing policy. Durations and instants are milliseconds of media time, amounts micro-units. */
export interface PolicyTerms {
  /** ISO 4217 alphabetic code, or an own coin: `coin:gem`. */
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
  /** Not set: the rate alone. */
  readonly prices?: PriceTerms | undefined;
  /** What the call router does where the balance covers no more; not set: the call ends. */
  readonly onExhausted?: OnExhausted | undefined;
}

/** `downgrade`: the call goes on without video and without a charge. */
export type OnExhausted = 'end' | 'downgrade';

/** What a price is made of besides the rate. Amounts are micro-units of the policy's currency. */
export interface PriceTerms {
  /** By charged time, ascending; before the first one the policy's rate holds. */
  readonly tiers: readonly RateTier[];
  /** Once, with the first charged millisecond. */
  readonly connectionFeeMicros: bigint;
  /** Of a call in which any time is charged. */
  readonly minimumChargeMicros: bigint;
  /** 0: none. */
  readonly maximumChargeMicros: bigint;
  /** What a millisecond of each channel counts for, in thousandths; 0: it is not charged. */
  readonly facePermille: number;
  readonly voicePermille: number;
  readonly textPermille: number;
  /** Ascending; each holds to the next, the last one to the first one of the next week. None: all hours cost the same. */
  readonly weekBands: readonly WeekBand[];
  /** IANA name; empty: UTC. */
  readonly timeZone: string;
  /** How long a reaction has to last after time without one until it is charged. */
  readonly resumeAfterMs: bigint;
  /** Whose wallet pays, for its view of the other side; `each`: both, a charge each. */
  readonly payer: 'caller' | 'callee' | 'each';
  /** What the other side, which is seen, gets of what a call costs, in thousandths; not set: nothing. */
  readonly hostPermille?: number | undefined;
}

/** From this charged time of a call on, this rate holds. */
export interface RateTier {
  readonly fromMs: bigint;
  readonly rateMicros: bigint;
}

/** Terms as a request gives them: the rounding mode may be none, and the end and the payer ones that are not known. */
export type RequestedTerms = Omit<PolicyTerms, 'rounding' | 'onExhausted' | 'prices'> & {
  readonly rounding: RoundingMode | undefined;
  readonly onExhausted?: OnExhausted | 'unknown' | undefined;
  readonly prices?: RequestedPrices | undefined;
};

export type RequestedPrices = Omit<PriceTerms, 'payer'> & { readonly payer: PriceTerms['payer'] | 'unknown' };

/** One immutable version of a policy. Versions count from 1. */
export interface PolicyVersion {
  readonly policyId: string;
  readonly version: number;
  readonly terms: PolicyTerms;
}

/** Longer than any call, or anything that a policy says of one. */
export const dayMs = 86_400_000n;
/** For a policy that does not say otherwise, a still picture is not a reaction. */
export const defaultLivenessMs = 20_000n;
/** A thousand million units of the currency: a typing error, not a price. */
const maxAmountMicros = 1_000_000_000_000_000n;

type BigintField = Extract<{ [K in keyof PolicyTerms]: PolicyTerms[K] extends bigint ? K : never }[keyof PolicyTerms], string>;

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
  const { rounding, onExhausted, prices, ...others } = terms;
  const currencyFaults = isCurrency(terms.currency) ? [] : [fault('currency', 'is neither an ISO 4217 code nor a coin, as coin:gem is')];
  const otherFaults = [...boundFaults(terms), ...ratioFaults(terms.minFaceAreaRatio), ...(prices ? priceFaults(prices) : [])];
  if (rounding === undefined) otherFaults.push(fault('rounding', 'has to be chosen'));
  if (onExhausted === 'unknown') otherFaults.push(fault('on_exhausted', 'has to be END or DOWNGRADE'));
  const violations = [...currencyFaults, ...otherFaults];
  if (violations.length > 0 || rounding === undefined || onExhausted === 'unknown' || prices?.payer === 'unknown') {
    const code = otherFaults.length === 0 ? 'policy.unknown_currency' : 'policy.invalid_terms';
    const text = violations.map(({ field, description }) => `${field} ${description}`).join('; ');
    throw parleyError(code, text, { details: { violations } });
  }
  return { ...others, rounding, onExhausted, ...(prices && { prices: { ...prices, payer: prices.payer } }) };
}

function boundFaults(terms: RequestedTerms): FieldViolation[] {
  return (Object.keys(bounds) as BigintField[]).flatMap((key) => {
    const [field, least, most] = bounds[key];
    return within(field, terms[key], least, most);
  });
}

const mostTiers = 16;
/** Ten times what the rate says: more is a typing error. */
const mostPermille = 10_000n;

const mostBands = 168;

function priceFaults({ tiers, connectionFeeMicros, minimumChargeMicros, maximumChargeMicros, weekBands, timeZone, resumeAfterMs, payer, hostPermille = 0, ...weights }: RequestedPrices): FieldViolation[] {
  const isBelowMinimum = maximumChargeMicros > 0n && maximumChargeMicros < minimumChargeMicros;
  return [
    ...(tiers.length > mostTiers ? [fault('prices.tiers', `are ${tiers.length}, may be ${mostTiers}`)] : []),
    ...tiers.slice(0, mostTiers).flatMap(({ fromMs, rateMicros }, index) => [
      ...within(`prices.tiers[${index}].from_ms`, fromMs, (tiers[index - 1]?.fromMs ?? 0n) + 1n, dayMs),
      ...within(`prices.tiers[${index}].rate_micros`, rateMicros, 0n, maxAmountMicros),
    ]),
    ...within('prices.connection_fee_micros', connectionFeeMicros, 0n, maxAmountMicros),
    ...within('prices.minimum_charge_micros', minimumChargeMicros, 0n, maxAmountMicros),
    ...within('prices.maximum_charge_micros', maximumChargeMicros, 0n, maxAmountMicros),
    ...(isBelowMinimum ? [fault('prices.maximum_charge_micros', 'is below the minimum')] : []),
    ...within('prices.face_permille', BigInt(weights.facePermille), 0n, mostPermille),
    ...within('prices.voice_permille', BigInt(weights.voicePermille), 0n, mostPermille),
    ...within('prices.text_permille', BigInt(weights.textPermille), 0n, mostPermille),
    ...(weekBands.length > mostBands ? [fault('prices.week_bands', `are ${weekBands.length}, may be ${mostBands}`)] : []),
    ...weekBands.slice(0, mostBands).flatMap(({ fromMinute, permille }, index) => [
      ...within(`prices.week_bands[${index}].from_minute`, BigInt(fromMinute), BigInt((weekBands[index - 1]?.fromMinute ?? -1) + 1), minutesOfWeek - 1n),
      ...within(`prices.week_bands[${index}].permille`, BigInt(permille), 0n, mostPermille),
    ]),
    ...(isTimeZone(timeZone) ? [] : [fault('prices.time_zone', 'is no name of a time zone, as Europe/Berlin is')]),
    ...within('prices.resume_after_ms', resumeAfterMs, 0n, dayMs),
    ...(payer === 'unknown' ? [fault('prices.payer', 'has to be CALLER, CALLEE or EACH')] : []),
    ...within('prices.host_permille', BigInt(hostPermille), 0n, 1000n),
  ];
}

function within(field: string, value: bigint, least: bigint, most: bigint): FieldViolation[] {
  return value < least || value > most ? [fault(field, `is ${value}, has to be from ${least} to ${most}`)] : [];
}

function ratioFaults(ratio: number): FieldViolation[] {
  // Written so that NaN is a fault, too.
  return ratio >= 0 && ratio <= 1 ? [] : [fault('min_face_area_ratio', 'has to be from 0 to 1')];
}

function fault(field: string, description: string): FieldViolation {
  return { field: `terms.${field}`, description };
}
