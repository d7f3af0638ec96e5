import type { PolicyTerms } from '../../../../services/billing/src/domain/policy-terms.ts';

/** A flat policy. */
export const flat: PolicyTerms = {
  currency: 'EUR',
  rateMicros: 600_000n,
  unitMs: 60_000n,
  freePeriodMs: 10_000n,
  faceAbsentMs: 3_000n,
  voiceAbsentMs: 3_000n,
  textAbsentMs: 3_000n,
  textHoldMs: 3_000n,
  maxGapMs: 1_500n,
  livenessMs: 20_000n,
  minFaceAreaRatio: 0.02,
  chargeRecoveredGrace: true,
  chargeLapsedGrace: false,
  rounding: 'half-even',
  roundingIncrementMicros: 10_000n,
  entryGridMs: 60_000n,
  grantMs: 60_000n,
};
