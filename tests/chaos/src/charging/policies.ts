import { Payer, PolicyTerms as ProtoTerms, RoundingMode } from '@parley/contracts';
import type { PolicyTerms, PriceTerms } from '../../../../services/billing/src/domain/policy-terms.ts';
import type { SeededRandom } from '../seeded-random.ts';

const roundings = {
  'half-even': RoundingMode.HALF_EVEN,
  'half-up': RoundingMode.HALF_UP,
  down: RoundingMode.DOWN,
  up: RoundingMode.UP,
} as const;
const payers = { caller: Payer.CALLER, callee: Payer.CALLEE, each: Payer.EACH } as const;
const weights = [1000, 1000, 0, 333, 2500] as const;

/** Anything that a policy may ask for, for calls of about a second: rates fall and rise by tiers, weights may be nothing. */
export function planTerms(random: SeededRandom, currency: string): PolicyTerms {
  return {
    currency,
    rateMicros: someBigint(random, 1, 900),
    unitMs: random.pick([1n, 7n, 60n, 1_000n]),
    freePeriodMs: random.chance(0.3) ? someBigint(random, 1, 400) : 0n,
    faceAbsentMs: 2_000n,
    voiceAbsentMs: 2_000n,
    textAbsentMs: 2_000n,
    textHoldMs: 3_000n,
    maxGapMs: 1_000n,
    livenessMs: 10_000n,
    minFaceAreaRatio: 0.02,
    chargeRecoveredGrace: random.chance(0.7),
    chargeLapsedGrace: random.chance(0.3),
    rounding: random.pick(['half-even', 'half-up', 'down', 'up'] as const),
    roundingIncrementMicros: random.pick([1n, 1n, 2n, 5n]),
    entryGridMs: random.pick([500n, 1_000n, 2_000n]),
    grantMs: random.pick([1_000n, 1_000n, 2_000n]),
    ...(random.chance(0.7) && { prices: planPrices(random) }),
  };
}

function planPrices(random: SeededRandom): PriceTerms {
  let fromMs = 0n;
  const minimumChargeMicros = random.chance(0.4) ? someBigint(random, 1, 50_000) : 0n;
  return {
    tiers: Array.from({ length: random.integer(0, 3) }, () => ({ fromMs: (fromMs += someBigint(random, 50, 400)), rateMicros: someBigint(random, 0, 900) })),
    connectionFeeMicros: random.chance(0.4) ? someBigint(random, 1, 50_000) : 0n,
    minimumChargeMicros,
    maximumChargeMicros: random.chance(0.3) ? minimumChargeMicros + someBigint(random, 1, 200_000) : 0n,
    facePermille: random.pick(weights),
    voicePermille: random.pick(weights),
    textPermille: random.pick(weights),
    weekBands: random.chance(0.3) ? Array.from({ length: 168 }, (_, hour) => ({ fromMinute: hour * 60, permille: random.pick([1000, 500, 0, 1750]) })) : [],
    timeZone: random.pick(['', 'Asia/Kathmandu', 'America/New_York']),
    resumeAfterMs: random.chance(0.3) ? someBigint(random, 1, 300) : 0n,
    payer: random.chance(0.25) ? 'each' : 'caller',
    hostPermille: random.pick([0, 1, 300, 333, 1000]),
  };
}

export function someBigint(random: SeededRandom, least: number, most: number): bigint {
  return BigInt(random.integer(least, most));
}

/** As CreatePolicy takes them. */
export function toProtoTerms({ rounding, prices, onExhausted: _never, ...terms }: PolicyTerms): ProtoTerms {
  return ProtoTerms.fromPartial({ ...terms, rounding: roundings[rounding], ...(prices && { prices: { ...prices, tiers: [...prices.tiers], weekBands: [...prices.weekBands], payer: payers[prices.payer], hostPermille: prices.hostPermille ?? 0 } }) });
}
