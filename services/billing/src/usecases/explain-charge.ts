import { parleyError } from '@parley/errors';
import { authorizedCharge, openCharge, sourceOf } from '../domain/charge-inputs.ts';
import { ChargeReplay, type ReplayedFact, type ReplayInput } from '../domain/charge-replay.ts';
import { byCause } from '../domain/told.ts';
import type { Observed, SourceName } from '../domain/charge.ts';
import type { Correction } from '../domain/correction.ts';
import { publishedOf, type CallHistories, type CallHistory, type PublishedFact } from './call-history.ts';
import { findChargeId, type ChargeRef } from './charge-ref.ts';
import type { ChargedRecord, ChargeStore } from './charge-store.ts';
import { requireCharged } from './get-receipt.ts';

export interface Explanation {
  readonly stored: ChargedRecord;
  /** What follows from the events that the stored one says it applied. */
  readonly recomputed: ChargedRecord;
  /** Of the published events from what follows, in words: of each kind the first. */
  readonly differences: readonly string[];
}

/**
 * Recomputes the charge of a call from its published events alone. What the wallet answered, what did not come in time and the
 * number of a ledger entry are no function of them: these are taken from the billing events.
 * @throws ParleyError `not_found.receipt`, `receipt.events_expired`
 */
export function createExplainCharge({ charges, histories }: { charges: ChargeStore; histories: CallHistories }): (accountId: string, call: ChargeRef) => Promise<Explanation> {
  return async (accountId, call) => {
    const { callId } = call;
    const chargeId = await findChargeId(charges, call);
    requireCharged(await charges.find(chargeId), accountId);
    // What it owes to the streams is published before they are read.
    const stored = requireCharged(await charges.change(chargeId, async () => undefined), accountId);
    const history = await histories.read({ accountId, callId });
    const { applied } = stored.charge.observed;
    const ofCharge = publishedOf(history, stored.charge.terms);
    const { inputs, initiation } = requireKept({ ...history, published: ofCharge }, applied);
    const terms = initiation.terms.find(({ payer }) => payer === stored.charge.terms.payer);
    if (terms === undefined) throw parleyError('bus.malformed_event', 'the charge is not one of those that call.initiated names');
    const replay = new ChargeReplay(openCharge(authorizedCharge(callId, accountId, terms)), inputs, correctionsByHand(stored.charge));
    const { nextSequence } = stored.charge.published;
    const published = ofCharge.filter(({ sequence }) => sequence < nextSequence);
    for (const told of byCause(published.map(({ told }) => told))) replay.tell(told);
    replay.applyRest();
    const differences = [
      ...history.contradictory.slice(0, 1).map((id) => `${id} was published twice, with two contents`),
      ...holesIn(inputs, applied).slice(0, 1),
      // What follows from something that is missing is no news.
      ...[...missing('billing', published, nextSequence - 1n), ...publishedDifferences(replay.facts, published)].slice(0, 1),
    ];
    return { stored, recomputed: { ...stored, charge: withDisputesOf(stored.charge, replay.charge) }, differences };
  };
}

/** What was done by hand follows from no event: it is taken as it is stored, and held against what was published. */
function correctionsByHand(charge: ChargedRecord['charge']): readonly Correction[] {
  return charge.status === 'settled' ? (charge.corrections ?? []).filter(({ order }) => order !== undefined) : [];
}

function withDisputesOf(stored: ChargedRecord['charge'], recomputed: ChargedRecord['charge']): ChargedRecord['charge'] {
  if (stored.status !== 'settled' || recomputed.status !== 'settled' || stored.disputes === undefined) return recomputed;
  return { ...recomputed, disputes: stored.disputes };
}

/** The events that were applied; what is no longer kept is what was published first. */
function requireKept({ initiation, inputs, published }: CallHistory, applied: Observed['applied']): { initiation: NonNullable<typeof initiation>; inputs: readonly ReplayInput[] } {
  const sources = Object.keys(applied) as SourceName[];
  const isKept = (source: SourceName) => source === 'call' || inputs.some(({ input }) => sourceOf(input) === source && input.sequence === 0n);
  if (initiation === undefined || !sources.every(isKept) || (published[0]?.sequence ?? 0n) !== 0n) {
    throw parleyError('receipt.events_expired', 'the events of the call are no longer all kept');
  }
  return { initiation, inputs: inputs.filter(({ input }) => input.sequence <= (applied[sourceOf(input)] ?? -1n)) };
}

function holesIn(inputs: readonly ReplayInput[], applied: Observed['applied']): string[] {
  const bySource = Map.groupBy(inputs, ({ input }) => sourceOf(input));
  return (Object.entries(applied) as [SourceName, bigint][]).flatMap(([source, last]) => {
    const found = (bySource.get(source) ?? []).map(({ input: { sequence } }) => ({ sequence }));
    return missing(source, source === 'call' ? [{ sequence: 0n }, ...found] : found, last);
  });
}

/** The first event of a source that is not there, of those that there have to be. */
function missing(source: string, found: readonly { readonly sequence: bigint }[], last: bigint): string[] {
  const gap = found.findIndex(({ sequence }, index) => sequence !== BigInt(index));
  const first = gap < 0 ? BigInt(found.length) : BigInt(gap);
  return first <= last ? [`event ${first} of ${source} is not in its stream`] : [];
}

/** What was published beside what follows. */
export function publishedDifferences(facts: readonly ReplayedFact[], published: readonly PublishedFact[]): string[] {
  return Array.from({ length: Math.max(facts.length, published.length) }, (_, index) => {
    const [fact, event] = [facts[index], published[index]];
    if (fact === undefined) return `billing.${event!.type}, event ${event!.sequence}, was published, and does not follow`;
    if (event === undefined) return `billing.${fact.fact.type}, event ${fact.sequence}, follows from ${fact.cause.id}, and was not published`;
    return event.differenceTo(fact);
  }).filter((difference) => difference !== undefined);
}
