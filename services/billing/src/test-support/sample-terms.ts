import type { PolicyTerms } from '../domain/policy-terms.ts';

/** Terms for tests: 0.60 EUR a minute, that is 10 micro-units a millisecond; nothing is free, nothing is rounded. */
export function sampleTerms(changes: Partial<PolicyTerms> = {}): PolicyTerms {
  return {
    currency: 'EUR',
    rateMicros: 600_000n,
    unitMs: 60_000n,
    freePeriodMs: 0n,
    faceAbsentMs: 2_000n,
    voiceAbsentMs: 2_000n,
    textAbsentMs: 2_000n,
    textHoldMs: 3_000n,
    maxGapMs: 1_000n,
    livenessMs: 10_000n,
    minFaceAreaRatio: 0.02,
    chargeRecoveredGrace: true,
    chargeLapsedGrace: false,
    rounding: 'half-even',
    roundingIncrementMicros: 1n,
    entryGridMs: 1_000n,
    grantMs: 30_000n,
    ...changes,
  };
}
