import { expect, test } from '@jest/globals';
import * as fc from 'fast-check';
import { arbitraryBatches, arbitraryIntervals, arbitraryTerms } from '../test-support/arbitrary-call.ts';
import { decideAt, evolve, heldSteps } from './charge-decision.ts';
import { absorbCallInput, absorbOwnInput, authorizedCharge, openCharge, sourceOf, type CallInput, type LiveCharge } from './charge-inputs.ts';
import { ChargeReplay, type ReplayedFact, type ReplayInput } from './charge-replay.ts';
import { byCause, type ReplayCause, type Told } from './told.ts';
import type { ChargeTerms, OpenCharge } from './charge.ts';
import { nextGrant } from './grant.ts';
import type { PolicyTerms } from './policy-terms.ts';
import type { Segment } from './timeline.ts';
import { receiptOf } from './receipt.ts';
import { availableMicros, emptyWallet, hold, post, type HoldRequest, type Wallet } from './wallet.ts';

const walletId = 'acme/client:alice';
const callId = 'CA1';

/** What happens: the next event of a source, an extension of the grant, money, or that the rest never comes. */
type Happening = SourceOfEvents | 'extend' | { readonly topUpMicros: bigint } | 'overdue';
type SourceOfEvents = 'call' | 'reaction/caller' | 'reaction/callee';

/** A call as billing charges it, with a wallet beside it. */
class Played {
  charge: LiveCharge;
  wallet: Wallet;
  readonly facts: ReplayedFact[] = [];
  readonly applied: ReplayInput[] = [];
  readonly opened: OpenCharge;
  #last = 0n;

  constructor(opened: OpenCharge, balanceMicros: bigint) {
    this.opened = opened;
    this.charge = opened;
    this.wallet = { ...emptyWallet(walletId, 'acme', opened.terms.policy.terms.currency), balanceMicros };
  }

  take(event: ReplayInput): void {
    this.applied.push(event);
    this.#conclude(absorbCallInput(this.charge, event.input), event.cause);
  }

  overdue(): void {
    if (this.charge.status !== 'open' || this.applied.length === 0) return;
    const type = this.charge.observed.completedMs === undefined ? 'call_overdue' : 'recognition_overdue';
    this.#conclude(absorbOwnInput(this.charge, { type }), { ...this.applied.at(-1)!.cause, atMs: 99_999n });
  }

  extend(): void {
    if (this.charge.status !== 'open') return;
    const step = nextGrant(this.charge);
    const { grantedMs, isShort, available } = this.#hold([step], 0n);
    const charge = absorbOwnInput(this.charge, { type: isShort ? 'grant_refused' : 'grant_extended', grantedMs, availableMicros: available });
    this.#decide(charge, { id: `${callId}/grant/${step.untilMs}`, atMs: (this.#last += 1n), traceparent: '' });
  }

  #conclude(charge: LiveCharge, cause: ReplayCause): void {
    const steps = heldSteps(charge);
    if (steps.length === 0) return this.#decide(charge, cause);
    const { grantedMs, isShort, available } = this.#hold(steps, charge.published.chargedMicros);
    this.#decide(absorbOwnInput(charge, { type: isShort ? 'grant_refused' : 'grant_extended', grantedMs, availableMicros: available }), cause);
  }

  #hold(steps: HoldRequest['steps'], postedMicros: bigint): { grantedMs: bigint; isShort: boolean; available: bigint } {
    const { wallet, grantedMs, isShort } = hold(this.wallet, { callId, currency: this.wallet.currency, steps, postedMicros });
    this.wallet = wallet;
    return { grantedMs, isShort, available: availableMicros(wallet) };
  }

  #decide(charge: LiveCharge, cause: ReplayCause): void {
    this.charge = charge;
    for (const fact of decideAt(charge, cause.atMs)) {
      this.facts.push({ sequence: this.charge.published.nextSequence, fact, cause });
      const amountMicros = fact.type === 'charged' ? fact.amountMicros : fact.type === 'adjusted' ? fact.differenceMicros : 0n;
      if (amountMicros > 0n) {
        const posting = { key: `${this.facts.length}`, currency: this.wallet.currency, amountMicros, reason: 'charge', causeId: '', callId, atMs: 0n } as const;
        this.wallet = post(this.wallet, posting, () => '').wallet;
      }
      if (fact.type === 'settled') this.wallet = { ...this.wallet, holds: {} };
      this.charge = evolve(this.charge, fact) as LiveCharge;
    }
  }
}

function termsOf(terms: PolicyTerms): ChargeTerms {
  return { walletId, payer: 'caller', policy: { policyId: 'pol', version: 1, terms } };
}

function eventsOf(batches: readonly Segment[][], calleeToo: boolean): Record<SourceOfEvents, ReplayInput[]> {
  let atMs = 0n;
  const withCause = (input: CallInput): ReplayInput => ({ cause: { id: `${sourceOf(input)}/${input.sequence}`, atMs: (atMs += 1n), traceparent: '' }, input });
  const endMs = batches.at(-1)?.at(-1)?.toMs ?? 0n;
  const sides = ['caller', ...(calleeToo ? ['callee' as const] : [])] as const;
  const call: CallInput[] = sides.map((party, index) => ({ type: 'video_started', sequence: BigInt(index) + 1n, party, mediaOriginMs: 0n }));
  call.push({ type: 'call_completed', sequence: BigInt(call.length) + 1n, atMs: endMs + 3n });
  const caller: CallInput[] = batches.map((intervals, index) => {
    const observedThroughMs = intervals.at(-1)?.toMs ?? 0n;
    return { type: 'reaction_observed', sequence: BigInt(index), party: 'caller', intervals, observedThroughMs, finalMs: undefined };
  });
  caller.push({ type: 'reaction_observed', sequence: BigInt(caller.length), party: 'caller', intervals: [], observedThroughMs: endMs, finalMs: endMs + 3n });
  const callee: CallInput[] = calleeToo ? [{ type: 'reaction_observed', sequence: 0n, party: 'callee', intervals: [], observedThroughMs: 0n, finalMs: endMs }] : [];
  return { call: call.map(withCause), 'reaction/caller': caller.map(withCause), 'reaction/callee': callee.map(withCause) };
}

const arbitraryHappenings: fc.Arbitrary<Happening[]> = fc.array(
  fc.oneof(
    { weight: 4, arbitrary: fc.constant<Happening>('reaction/caller') },
    { weight: 2, arbitrary: fc.constantFrom<Happening>('call', 'reaction/callee', 'extend') },
    { weight: 1, arbitrary: fc.record({ topUpMicros: fc.bigInt({ min: 1n, max: 90_000n }) }) },
    { weight: 1, arbitrary: fc.constant<Happening>('overdue') },
  ),
  { maxLength: 40 },
);

/** Where the price depends on the hour, events do not come in any order: reactions wait for the beginning of media time. */
function atAnyHour({ prices, ...terms }: PolicyTerms): PolicyTerms {
  return { ...terms, ...(prices && { prices: { ...prices, weekBands: [] } }) };
}

const arbitraryPlayed: fc.Arbitrary<Played> = fc
  .tuple(arbitraryTerms.map(atAnyHour), arbitraryIntervals.chain(arbitraryBatches), fc.boolean(), arbitraryHappenings, fc.bigInt({ min: 0n, max: 400_000n }), fc.boolean())
  .map(([terms, batches, calleeToo, happenings, balanceMicros, isWhole]) => {
    const played = new Played(openCharge(authorizedCharge(callId, 'acme', termsOf(terms))), balanceMicros);
    const left = eventsOf(batches, calleeToo);
    const happen = (happening: Happening): void => {
      if (happening === 'extend') played.extend();
      else if (happening === 'overdue') played.overdue();
      else if (typeof happening === 'object') played.wallet = { ...played.wallet, balanceMicros: played.wallet.balanceMicros + happening.topUpMicros };
      else if (left[happening].length > 0) played.take(left[happening].shift()!);
    };
    happenings.forEach(happen);
    if (isWhole) for (const event of [...left['reaction/caller'], ...left.call, ...left['reaction/callee']]) played.take(event);
    return played;
  });

/** What the published events tell: nothing of the grant but what was charged, refused or said to be low. */
function toldOf({ fact, cause }: ReplayedFact): Told {
  return {
    cause,
    chargedThroughMs: fact.type === 'charged' ? fact.toMs : undefined,
    availableMicros: fact.type === 'balance_low' ? fact.availableMicros : undefined,
    exhaustedMs: fact.type === 'balance_exhausted' ? fact.grantedMs : undefined,
    settled: fact.type === 'settled' ? fact : undefined,
    byHand: undefined,
    isAdjusted: fact.type === 'adjusted',
  };
}

test('whatever order events came in and whatever the wallet said, the published events and the call\'s own give the same charge and the same events', () => {
  const seen = new Set<string>();
  fc.assert(
    fc.property(arbitraryPlayed, ({ opened, applied, facts, charge }) => {
      const bySource = [...applied].sort((one, other) => Number(one.input.sequence - other.input.sequence));
      const replay = new ChargeReplay(opened, bySource);
      for (const told of byCause(facts.map(toldOf))) replay.tell(told);
      replay.applyRest();
      expect(replay.facts).toEqual(facts);
      expect(replay.charge.observed).toEqual(charge.observed);
      expect(replay.charge.status).toBe(charge.status);
      expect(receiptOf(replay.charge)).toEqual(receiptOf(charge));
      for (const { fact } of facts) seen.add(fact.type === 'settled' ? `settled: ${fact.reason}` : fact.type);
    }),
    { numRuns: 1_000 },
  );
  expect([...seen]).toEqual(expect.arrayContaining(['adjusted', 'balance_exhausted', 'balance_low', 'charged', 'resumed', 'settled: completed', 'settled: recognition_lost', 'started', 'suspended']));
});
