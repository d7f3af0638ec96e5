import { randomUUID } from 'node:crypto';
import { CreatePolicyRequest, PolicyTerms, RoundingMode, type PolicySnapshot } from '@parley/contracts';
import type { BillingClient } from './started-billing.ts';

/** For tests: 0.60 EUR a minute (10 micro-units a millisecond), entries each second, grants of ten seconds. */
export function sampleProtoTerms(changes: Partial<PolicyTerms> = {}): PolicyTerms {
  return PolicyTerms.fromPartial({
    currency: 'EUR',
    rateMicros: 600_000n,
    unitMs: 60_000n,
    freePeriodMs: 0n,
    faceAbsentMs: 2_000n,
    voiceAbsentMs: 2_000n,
    textAbsentMs: 2_000n,
    textHoldMs: 3_000n,
    maxGapMs: 1_000n,
    minFaceAreaRatio: 0.02,
    chargeRecoveredGrace: true,
    chargeLapsedGrace: false,
    rounding: RoundingMode.HALF_EVEN,
    roundingIncrementMicros: 1n,
    entryGridMs: 1_000n,
    grantMs: 10_000n,
    ...changes,
  });
}

export async function createSamplePolicy(billing: BillingClient, changes: Partial<PolicyTerms> = {}): Promise<PolicySnapshot> {
  const request = CreatePolicyRequest.fromPartial({ requestId: randomUUID(), terms: sampleProtoTerms(changes) });
  return (await billing.createPolicy(request)).policy!;
}
