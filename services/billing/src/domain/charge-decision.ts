import type { AdjustedFact, BillingFact, Charge, ChargedFact, OpenCharge, Party, SettledCharge, SettledFact, SettleReason } from './charge.ts';
import { costMicros, ratedBy } from './correction.ts';
import { stretchesOf } from './counting.ts';
import type { PolicyVersion } from './policy-terms.ts';
import { rate, rateCells, type RatedCell, type Rating } from './rating.ts';
import { ratedTariffOf, tariffOf } from './tariff.ts';
import { endOf, throughMs, type Timeline } from './timeline.ts';

/**
 * What follows from what is known and has not been published yet; nothing, once it has. What the wallet does not hold
 * enough for is not charged: see `heldSteps`.
 */
export function decide(charge: Charge): BillingFact[] {
  switch (charge.status) {
    case 'authorized':
    case 'closed':
      return [];
    case 'open':
      return decideOpen(charge);
    case 'settled':
      return decideAdjustment(charge);
  }
}

/** The same, with the time of what it follows from (Unix, ms) where the charge keeps that. */
export function decideAt(charge: Charge, atMs: bigint): BillingFact[] {
  return decide(charge).map((fact) => (fact.type === 'adjusted' ? { ...fact, atMs } : fact));
}

/** The charge after an event of its own. */
export function evolve(charge: Charge, fact: BillingFact): Charge {
  if (!('published' in charge)) return charge;
  const published = { ...charge.published, nextSequence: charge.published.nextSequence + 1n };
  switch (fact.type) {
    case 'started':
      return { ...charge, published: { ...published, started: true } };
    case 'suspended':
    case 'resumed':
      return { ...charge, published: { ...published, counting: fact.type === 'resumed', countedThroughMs: fact.atMs } };
    case 'charged':
      return { ...charge, published: { ...published, cellsThroughMs: fact.toMs, chargedMicros: fact.cumulativeMicros } };
    case 'balance_low':
      return { ...charge, published: { ...published, announcedFunds: 'low' } };
    case 'balance_exhausted':
      return { ...charge, published: { ...published, announcedFunds: 'exhausted' } };
    case 'settled':
      return settled({ ...charge, published }, fact);
    case 'adjusted':
      return charge.status === 'settled' ? withCorrection({ ...charge, published }, fact) : charge;
  }
}

/** A media time that should be granted, and what the call costs in all by then. */
export interface HeldStep {
  readonly untilMs: bigint;
  readonly coverMicros: bigint;
}

/**
 * What is decided, costs something, and lies beyond the grant, cell by cell: the wallet has to be asked before `decide`.
 * Empty when the grant suffices.
 */
export function heldSteps(charge: Charge): HeldStep[] {
  if (charge.status === 'open') {
    return unpaidCells(charge)
      .filter(({ toMs }) => toMs > charge.grant.grantedMs)
      .map(({ toMs, cumulativeMicros }) => ({ untilMs: toMs, coverMicros: cumulativeMicros }));
  }
  if (charge.status === 'settled' && adjustmentOf(charge) > 0n) {
    const untilMs = endOf(completeTimeline(charge));
    return untilMs > charge.grant.grantedMs ? [{ untilMs, coverMicros: costAnew(charge) }] : [];
  }
  return [];
}

/** Through which media time the payer's view is decided; nothing beyond what was observed counts. */
export function decidedMs({ observed }: OpenCharge | SettledCharge): bigint {
  const end = endOf(observed.timeline);
  return end < observed.observedThroughMs ? end : observed.observedThroughMs;
}

/** The payer's view that counts now. */
export function countedTimeline(charge: OpenCharge | SettledCharge): Timeline {
  if (charge.status === 'open') {
    const decided = throughMs(charge.observed.timeline, decidedMs(charge));
    return isDue(charge) ? throughMs(decided, finalMs(charge)) : decided;
  }
  if (isCompleteAnew(charge)) return completeTimeline(charge);
  const { settlement } = charge;
  return throughMs(throughMs(charge.observed.timeline, settlement.decidedMs), settlement.finalMs);
}

/** From which media time on the balance did not cover the charge, as far as that is certain. */
export function limitMs(charge: OpenCharge | SettledCharge): bigint | undefined {
  if (charge.status === 'open') {
    const isShort = charge.grant.funds === 'exhausted' || isDue(charge);
    if (!isShort || heldSteps(charge).length === 0) return undefined;
    // A hold that was given back does not undo what was charged under it.
    const { cellsThroughMs } = charge.published;
    return charge.grant.grantedMs > cellsThroughMs ? charge.grant.grantedMs : cellsThroughMs;
  }
  const { settlement } = charge;
  // An adjustment that the wallet does not cover (yet) changes nothing of what was settled.
  return adjustmentOf(charge) === 0n ? settlement.limitMs : settlement.decidedMs;
}

function decideOpen(charge: OpenCharge): BillingFact[] {
  const facts = [...decideStart(charge), ...decideProgress(charge), ...decideFunds(charge)];
  if (!isDue(charge)) return facts;
  return [...facts, settlementFact(charge, rate(tariffOf(charge), countedTimeline(charge), limitMs(charge)))];
}

/** Counting begins with the first word from the payer's recognition. */
function decideStart({ observed, published, terms }: OpenCharge): BillingFact[] {
  if (published.started || observed.applied[`reaction/${terms.payer}`] === undefined) return [];
  return [{ type: 'started', walletId: terms.walletId, policy: terms.policy }];
}

/** Charges and changes between counting and not counting, in the order of media time, so that batches do not show. */
function decideProgress(charge: OpenCharge): BillingFact[] {
  const facts = [
    ...chargeableCells(charge).map((cell) => ({ atMs: cell.toMs, order: 0, fact: chargedFact(charge, cell) })),
    ...changesOfCounting(charge).map((fact) => ({ atMs: fact.atMs, order: 1, fact })),
  ];
  return facts.sort((one, other) => Number(one.atMs - other.atMs) || one.order - other.order).map(({ fact }) => fact);
}

function changesOfCounting(charge: OpenCharge): Extract<BillingFact, { type: 'suspended' | 'resumed' }>[] {
  const facts: Extract<BillingFact, { type: 'suspended' | 'resumed' }>[] = [];
  let { counting } = charge.published;
  for (const { fromMs, toMs, kind, weight, isResuming } of stretchesOf(charge.terms.policy.terms, countedTimeline(charge))) {
    if (toMs <= charge.published.countedThroughMs) continue;
    const counts = weight > 0n && !isResuming;
    if (!counts && counting !== false) facts.push({ type: 'suspended', atMs: fromMs, reason: kind });
    if (counts && counting === false) facts.push({ type: 'resumed', atMs: fromMs, kind });
    counting = counts;
  }
  return facts;
}

/** Cells that cost something and have not been charged. While the call goes on only whole ones. */
function unpaidCells(charge: OpenCharge, limit?: bigint): RatedCell[] {
  const terms = tariffOf(charge);
  const cells = rateCells(terms, countedTimeline(charge), { fromMs: startOfCell(charge), limitMs: limit });
  const isWhole = ({ fromMs, toMs }: RatedCell) => toMs - fromMs === terms.entryGridMs;
  return cells.filter((cell) => cell.amountMicros > 0n && (isDue(charge) || isWhole(cell)));
}

function startOfCell({ published, terms }: OpenCharge): bigint {
  const grid = terms.policy.terms.entryGridMs;
  return (published.cellsThroughMs / grid) * grid;
}

function chargeableCells(charge: OpenCharge): RatedCell[] {
  if (isDue(charge)) return unpaidCells(charge, limitMs(charge));
  const cells = unpaidCells(charge);
  const held = cells.findIndex(({ toMs }) => toMs > charge.grant.grantedMs);
  return held < 0 ? cells : cells.slice(0, held);
}

function chargedFact(charge: OpenCharge, cell: RatedCell): ChargedFact {
  const { index, fromMs, toMs, chargedMs, amountMicros, cumulativeMicros } = cell;
  const { currency } = charge.terms.policy.terms;
  return { type: 'charged', cell: index, fromMs, toMs, chargedMs, currency, amountMicros, cumulativeMicros };
}

function decideFunds({ grant, published, terms }: OpenCharge): BillingFact[] {
  const { walletId } = terms;
  if (grant.funds === 'low' && published.announcedFunds === 'ok') {
    return [{ type: 'balance_low', walletId, currency: terms.policy.terms.currency, availableMicros: grant.availableMicros }];
  }
  if (grant.funds === 'exhausted' && published.announcedFunds !== 'exhausted') {
    return [{ type: 'balance_exhausted', walletId, grantedMs: grant.grantedMs }];
  }
  return [];
}

/** Whether everything that was announced has come, or will not come any more. */
export function isDue({ observed }: OpenCharge): boolean {
  if (observed.lost === 'call') return true;
  if (observed.completedMs === undefined) return false;
  return observed.lost === 'recognition' || awaitedParties(observed).length === 0;
}

/** Parties whose video was started and whose reaction has not ended. */
export function awaitedParties({ videoParties, endedParties }: OpenCharge['observed']): Party[] {
  return videoParties.filter((party) => !endedParties.includes(party));
}

/**
 * Final media time. What was observed stays, even if the call is said to have ended before it: a dead call router's
 * calls end at the last sign of its life.
 */
function finalMs(charge: OpenCharge | SettledCharge): bigint {
  const { observed, terms } = charge;
  const decided = decidedMs(charge);
  if (observed.finalMs !== undefined) return observed.finalMs > decided ? observed.finalMs : decided;
  const { completedMs, mediaOriginMs } = observed;
  if (completedMs === undefined || mediaOriginMs === undefined || !observed.videoParties.includes(terms.payer)) return decided;
  const durationMs = completedMs - mediaOriginMs;
  return durationMs > decided ? durationMs : decided;
}

function settlementFact(charge: OpenCharge, rating: Rating): SettledFact {
  return {
    type: 'settled',
    reason: settleReason(charge),
    decidedMs: decidedMs(charge),
    finalMs: finalMs(charge),
    limitMs: limitMs(charge),
    currency: charge.terms.policy.terms.currency,
    totalMicros: rating.totalMicros,
    chargedMs: rating.chargedMs,
    unchargedMs: rating.unchargedMs,
    applied: charge.observed.applied,
  };
}

function settleReason({ observed }: OpenCharge): SettleReason {
  if (observed.lost === 'call') return 'call_lost';
  return awaitedParties(observed).length === 0 ? 'completed' : 'recognition_lost';
}

function settled(charge: Omit<OpenCharge, 'status'>, { reason, decidedMs, finalMs, limitMs }: SettledFact): SettledCharge {
  // The hold ends with the settlement: an adjustment has to ask anew.
  const grant = { ...charge.grant, grantedMs: decidedMs };
  return { ...charge, grant, status: 'settled', settlement: { reason, decidedMs, finalMs, limitMs, adjusted: false } };
}

/** After a settlement without the payer's last reactions, once these are complete after all. */
function isCompleteAnew({ observed, settlement }: SettledCharge): boolean {
  return settlement.reason !== 'completed' && observed.finalMs !== undefined;
}

function completeTimeline(charge: SettledCharge): Timeline {
  const end = finalMs(charge);
  const { settlement, observed } = charge;
  return throughMs(observed.timeline, end > settlement.finalMs ? end : settlement.finalMs);
}

/** The version that a settled call is rated by now. */
export function policyOf({ terms, corrections }: SettledCharge): PolicyVersion {
  return ratedBy(terms, corrections).policy;
}

/** What the call costs with the reactions that came late. */
function costAnew(charge: SettledCharge): bigint {
  const { totalMicros } = rate(ratedTariffOf(charge), completeTimeline(charge), charge.settlement.limitMs);
  return costMicros(totalMicros, charge.corrections);
}

/** What late reactions add to what the call costs; never negative, since what was decided stays. */
function adjustmentOf(charge: SettledCharge): bigint {
  if (!isCompleteAnew(charge) || charge.settlement.adjusted) return 0n;
  return costAnew(charge) - charge.published.chargedMicros;
}

function decideAdjustment(charge: SettledCharge): BillingFact[] {
  const differenceMicros = adjustmentOf(charge);
  if (differenceMicros === 0n || heldSteps(charge).length > 0) return [];
  return [{ type: 'adjusted', currency: charge.terms.policy.terms.currency, differenceMicros, reason: 'late_reaction' }];
}

/** The charge as a correction changes it, told or not. */
export function withCorrection(charge: SettledCharge, { type: _type, currency: _currency, ...correction }: AdjustedFact): SettledCharge {
  const published = { ...charge.published, chargedMicros: charge.published.chargedMicros + correction.differenceMicros };
  const { settlement, corrections = [] } = charge;
  const isLate = correction.reason === 'late_reaction';
  return { ...charge, published, settlement: isLate ? { ...settlement, adjusted: true } : settlement, corrections: [...corrections, correction] };
}
