import type { PolicyTerms } from './policy-terms.ts';
import { pricesOf } from './price.ts';
import type { Segment, SegmentKind, Timeline } from './timeline.ts';

/** A stretch of the payer's view, and whether it counts (claim 2: billing data is generated or suspended). */
export interface Stretch extends Segment {
  /** What a millisecond of this kind counts for, in thousandths; 0: it is not charged. */
  readonly weight: bigint;
  /** It would count, but has not lasted long enough after time without a reaction. */
  readonly isResuming: boolean;
}

/** What a millisecond counts for, in thousandths; 0: it is not charged. */
export function weightOf(kind: SegmentKind, terms: PolicyTerms): bigint {
  const { facePermille, voicePermille, textPermille } = pricesOf(terms);
  switch (kind) {
    case 'face':
      return BigInt(facePermille);
    case 'voice':
      return BigInt(voicePermille);
    case 'text':
      return BigInt(textPermille);
    case 'grace_recovered':
      return terms.chargeRecoveredGrace ? 1000n : 0n;
    case 'grace_lapsed':
      return terms.chargeLapsedGrace ? 1000n : 0n;
    default:
      return 0n;
  }
}

/** After these a reaction has to last until it counts again. A channel that the policy does not charge is a reaction all the same. */
const withoutReaction: ReadonlySet<SegmentKind> = new Set(['not_live', 'grace_lapsed', 'absent', 'unobserved']);

/** Weighs a timeline, cut where counting resumes. */
export function stretchesOf(terms: PolicyTerms, timeline: Timeline): Stretch[] {
  const { resumeAfterMs } = pricesOf(terms);
  const stretches: Stretch[] = [];
  let owedMs = 0n;
  for (const { fromMs, toMs, kind } of timeline) {
    const weight = weightOf(kind, terms);
    if (weight === 0n && withoutReaction.has(kind)) owedMs = resumeAfterMs;
    const lengthMs = toMs - fromMs;
    const resumingMs = weight === 0n ? 0n : owedMs < lengthMs ? owedMs : lengthMs;
    if (resumingMs > 0n) stretches.push({ fromMs, toMs: fromMs + resumingMs, kind, weight, isResuming: true });
    if (resumingMs < lengthMs) stretches.push({ fromMs: fromMs + resumingMs, toMs, kind, weight, isResuming: false });
    owedMs -= resumingMs;
  }
  return stretches;
}
