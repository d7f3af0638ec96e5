import type { AuthorizedCharge, OpenCharge } from './charge.ts';
import { countedTimeline } from './charge-decision.ts';
import type { PolicyTerms } from './policy-terms.ts';
import { zeroMeter, type Meter } from './price.ts';
import { highestMicros, rate } from './rating.ts';
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
  const { grantedMs } = charge.grant;
  if (charge.status === 'authorized') return grantThrough(terms, grantedMs + terms.grantMs, { meter: zeroMeter, decidedMs: 0n });
  const counted = countedTimeline(charge);
  const { observedThroughMs } = charge.observed;
  const fromMs = observedThroughMs > grantedMs ? observedThroughMs : grantedMs;
  return grantThrough(terms, fromMs + terms.grantMs, { meter: rate(terms, counted).meter, decidedMs: endOf(counted) });
}

/** What has to be held of a call that goes on, if nothing is known of its grants but the first: as far as that or what was observed. */
export function grantAgain(charge: OpenCharge, firstGrantedMs: bigint): HoldStep {
  const counted = countedTimeline(charge);
  const { observedThroughMs } = charge.observed;
  const untilMs = observedThroughMs > firstGrantedMs ? observedThroughMs : firstGrantedMs;
  const { terms } = charge.terms.policy;
  return grantThrough(terms, untilMs, { meter: rate(terms, counted).meter, decidedMs: endOf(counted) });
}

function grantThrough(terms: PolicyTerms, untilMs: bigint, known: { meter: Meter; decidedMs: bigint }): HoldStep {
  return { untilMs, coverMicros: highestMicros(terms, known, untilMs) };
}
