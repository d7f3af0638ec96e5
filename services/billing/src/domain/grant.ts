import type { AuthorizedCharge, OpenCharge } from './charge.ts';
import { countedTimeline } from './charge-decision.ts';
import type { PolicyTerms } from './policy-terms.ts';
import { zeroMeter, type Meter } from './price.ts';
import { highestMicros, rate } from './rating.ts';
import { tariffOf } from './tariff.ts';
import { endOf } from './timeline.ts';
import type { HoldStep } from './wallet.ts';

/** What has to be held before a call is connected: the price of the first grant, rounded up. */
export function firstGrant(terms: PolicyTerms): HoldStep {
  return { untilMs: terms.grantMs, coverMicros: highestMicros(terms, { meter: zeroMeter, decidedMs: 0n }, terms.grantMs) };
}

/**
 * What has to be held for one grant more, counted from the end of the last one, or from what was observed if that is
 * later. What is decided counts as it is, the rest as if all of it will be charged.
 */
export function nextGrant(charge: AuthorizedCharge | OpenCharge): HoldStep {
  const { terms } = charge.terms.policy;
  const { fromMs, known } = openEnd(charge);
  return grantThrough(terms, fromMs + terms.grantMs, known);
}

/** The same for less than a whole grant: what a balance that does not cover that may still cover, second by second. */
export function shortGrants(charge: AuthorizedCharge | OpenCharge): HoldStep[] {
  const { terms } = charge.terms.policy;
  const { fromMs, known } = openEnd(charge);
  const stepMs = terms.grantMs > mostShortGrants * 1_000n ? terms.grantMs / mostShortGrants : 1_000n;
  const steps: HoldStep[] = [];
  for (let untilMs = fromMs + stepMs; untilMs < fromMs + terms.grantMs; untilMs += stepMs) steps.push(grantThrough(terms, untilMs, known));
  return steps;
}

const mostShortGrants = 600n;

interface Known {
  readonly meter: Meter;
  readonly decidedMs: bigint;
}

/** From where on more is granted, and what is known by then. */
function openEnd(charge: AuthorizedCharge | OpenCharge): { readonly fromMs: bigint; readonly known: Known } {
  const { grantedMs } = charge.grant;
  if (charge.status === 'authorized') return { fromMs: grantedMs, known: { meter: zeroMeter, decidedMs: 0n } };
  return { fromMs: observedOr(charge, grantedMs), known: knownOf(charge) };
}

function knownOf(charge: OpenCharge): Known {
  const counted = countedTimeline(charge);
  return { meter: rate(tariffOf(charge), counted).meter, decidedMs: endOf(counted) };
}

/** The later one of a media time and what was observed. */
function observedOr({ observed: { observedThroughMs } }: OpenCharge, atMs: bigint): bigint {
  return observedThroughMs > atMs ? observedThroughMs : atMs;
}

/** What has to be held of a call that goes on, if nothing is known of its grants but the first: as far as that or what was observed. */
export function grantAgain(charge: OpenCharge, firstGrantedMs: bigint): HoldStep {
  return grantThrough(charge.terms.policy.terms, observedOr(charge, firstGrantedMs), knownOf(charge));
}

function grantThrough(terms: PolicyTerms, untilMs: bigint, known: Known): HoldStep {
  return { untilMs, coverMicros: highestMicros(terms, known, untilMs) };
}

/** What several charges of a call reach together, in ms: as far as the one that reaches least. */
export function leastOf(grantedMs: readonly bigint[]): bigint {
  return grantedMs.reduce((least, next) => (next < least ? next : least));
}
