import { describe, expect, test } from '@jest/globals';
import { isParleyError } from '@parley/errors';
import fc from 'fast-check';
import { arbitraryBatches, arbitraryIntervals, arbitraryTerms } from '../test-support/arbitrary-call.ts';
import { originMs, Play, plenty } from '../test-support/charge-play.ts';
import { oracleRating } from '../test-support/rating-oracle.ts';
import { sampleTerms } from '../test-support/sample-terms.ts';
import { correctionFor, giveBack, reRate, repeatsPolicy } from './charge-correction.ts';
import { policyOf } from './charge-decision.ts';
import type { AdjustedFact, SettledCharge } from './charge.ts';
import type { PolicyTerms } from './policy-terms.ts';
import { plainPrices } from './price.ts';
import { receiptOf } from './receipt.ts';
import { tariffAt } from './tariff.ts';
import type { Segment } from './timeline.ts';

const timed = (id: string) => ({ order: { id, actor: 'ops', note: 'why' }, atMs: 5n });
const version = (number: number, changes: Partial<PolicyTerms>) => ({ policyId: 'p', version: number, terms: sampleTerms(changes) });
const face = (toMs: bigint): Segment[] => [{ kind: 'face', fromMs: 0n, toMs }];

/** A call of five seconds at 10 micro-units a millisecond. */
function settled(): Play {
  return new Play(sampleTerms()).call({ type: 'video_started', party: 'caller' }).reaction(face(5_000n), { finalMs: 5_000n }).call({ type: 'call_completed', atMs: 5_000n });
}

const chargeOf = (play: Play): SettledCharge => play.charge as SettledCharge;
const refund = (play: Play, micros: bigint, id = 'r'): Play => play.correct(giveBack(chargeOf(play), 'refund', micros, timed(id)));
const rated = (play: Play, policy: ReturnType<typeof version>, id = 'p'): Play => play.correct(reRate(chargeOf(play), policy, timed(id)).fact);
const costs = (play: Play): bigint => chargeOf(play).published.chargedMicros;

describe('a settled call', () => {
  test('when a part is given back, then it costs so much less, and its lines stay', () => {
    const play = settled();
    const lines = receiptOf(chargeOf(play));
    refund(play, 20_000n);
    expect([costs(play), play.charged()]).toEqual([30_000n, 30_000n]);
    expect(receiptOf(chargeOf(play))).toEqual(lines);
    expect(correctionFor(chargeOf(play), 'refund', 'r')).toEqual({ reason: 'refund', differenceMicros: -20_000n, ...timed('r') });
    expect(correctionFor(chargeOf(play), 'dispute', 'r')).toBeUndefined();
  });

  test('when more is given back than it still costs, then that is refused', () => {
    const play = refund(settled(), 20_000n);
    expect(() => refund(play, 30_001n, 's')).toThrow(expect.objectContaining({ code: 'charge.refund_exceeds_total' }));
    expect(costs(refund(play, 30_000n, 's'))).toBe(0n);
  });

  test('when it is rated by another version, then the difference is one, up or down', () => {
    const play = rated(settled(), version(2, { rateMicros: 300_000n }));
    expect(play.facts.at(-1)).toMatchObject({ type: 'adjusted', reason: 'rerating', differenceMicros: -25_000n, policy: { version: 2 } });
    expect(rated(play, version(3, { rateMicros: 1_200_000n }), 'q').facts.at(-1)).toMatchObject({ differenceMicros: 75_000n });
    expect([costs(play), policyOf(chargeOf(play)).version]).toEqual([100_000n, 3]);
  });

  test('when it is rated by the same version again, then nothing changes', () => {
    const play = rated(settled(), version(2, { rateMicros: 300_000n }));
    const { fact } = reRate(chargeOf(play), version(2, { rateMicros: 300_000n }), timed('q'));
    expect([fact.differenceMicros, repeatsPolicy(chargeOf(play), fact)]).toEqual([0n, true]);
    const same = reRate(chargeOf(play), version(3, { rateMicros: 300_000n }), timed('q')).fact;
    expect([same.differenceMicros, repeatsPolicy(chargeOf(play), same)]).toEqual([0n, false]);
  });

  test('when it is rated lower than what was given back, then it costs nothing and no more is given back', () => {
    const play = rated(refund(settled(), 40_000n), version(2, { rateMicros: 60_000n }));
    expect([costs(play), play.facts.at(-1)]).toEqual([0n, expect.objectContaining({ differenceMicros: -10_000n })]);
    // Rated up again, what was given back stays so.
    expect(costs(rated(play, version(3, { rateMicros: 600_000n }), 'q'))).toBe(10_000n);
  });

  test('when the balance did not cover all of it, then no version charges what was not granted', () => {
    const play = new Play(sampleTerms(), { type: 'grant_extended', grantedMs: 2_500n, availableMicros: 0n }).call({ type: 'video_started', party: 'caller' });
    play.reaction(face(5_000n)).own({ type: 'grant_refused', grantedMs: 2_500n, availableMicros: 0n }).call({ type: 'call_completed', atMs: 5_000n }).reaction([], { finalMs: 5_000n });
    expect(costs(play)).toBe(25_000n);
    expect(costs(rated(play, version(2, { rateMicros: 300_000n })))).toBe(12_500n);
  });

  test('when late reactions are not covered yet, then a version rates what was settled, and the rest once it is covered', () => {
    const play = new Play(sampleTerms()).call({ type: 'video_started', party: 'caller' }).reaction(face(1_200n));
    play.call({ type: 'call_completed', atMs: 2_000n }).own({ type: 'recognition_overdue' });
    play.reaction([{ kind: 'face', fromMs: 1_200n, toMs: 2_000n }], { finalMs: 2_000n });
    expect(costs(rated(play, version(2, { rateMicros: 300_000n })))).toBe(6_000n);
    expect(costs(play.own(plenty))).toBe(10_000n);
    expect(play.facts.at(-1)).toMatchObject({ reason: 'late_reaction', differenceMicros: 4_000n });
  });

  test('when the version is in another currency, or its price is none, then that is refused', () => {
    const charge = chargeOf(settled());
    expect(() => reRate(charge, version(2, { currency: 'USD' }), timed('p'))).toThrow(expect.objectContaining({ code: 'charge.currency_mismatch' }));
    expect(() => reRate(charge, version(2, { rateMicros: 10n ** 16n, unitMs: 1n }), timed('p'))).toThrow(expect.objectContaining({ code: 'money.invalid_amount' }));
  });

  test('when the version goes by the hour, then by the clock of its zone when media time began', () => {
    // Media time begins on Monday at 00:00:59.700 UTC.
    const prices = { ...plainPrices, timeZone: 'Europe/Berlin', weekBands: [{ fromMinute: 0, permille: 1_000 }, { fromMinute: 61, permille: 500 }] };
    const play = rated(settled(), version(2, { prices }));
    expect(play.facts.at(-1)).toMatchObject({ differenceMicros: -4_700n * 5n, utcOffsetMinutes: 60 });
    expect(reRate(chargeOf(play), version(2, { prices }), timed('q')).fact.differenceMicros).toBe(0n);
  });

  test('when the other side would pay by the version, then that is refused', () => {
    const prices = { ...plainPrices, payer: 'callee' as const };
    expect(() => reRate(chargeOf(settled()), version(2, { prices }), timed('p'))).toThrow(expect.objectContaining({ code: 'charge.payer_mismatch' }));
  });

  test('when it was corrected a hundred times, then it is corrected no more', () => {
    const play = settled();
    for (let nth = 0; nth < 100; nth += 1) refund(play, 1n, `r${nth}`);
    const tooMany = expect.objectContaining({ code: 'charge.too_many_corrections' });
    expect(() => refund(play, 1n)).toThrow(tooMany);
    expect(() => rated(play, version(2, {}))).toThrow(tooMany);
  });
});

describe('for every policy, timeline and order of corrections and late reactions', () => {
  type Step = { readonly do: 'late' } | { readonly do: 'refund'; readonly share: bigint } | { readonly do: 'rate'; readonly terms: PolicyTerms };
  const byHand: fc.Arbitrary<Step> = fc.oneof(
    fc.record({ do: fc.constant('refund' as const), share: fc.bigInt({ min: 0n, max: 140n }) }),
    fc.record({ do: fc.constant('rate' as const), terms: arbitraryTerms }),
  );
  const dealt = arbitraryIntervals.chain((intervals) => fc.tuple(fc.constant(intervals), arbitraryBatches(intervals)));

  /** @returns what was given back. */
  function take(play: Play, step: Step, nth: number): bigint {
    const charge = chargeOf(play);
    if (step.do === 'late') return 0n;
    if (step.do === 'rate') {
      play.correct(reRate(charge, { policyId: 'p', version: nth + 2, terms: step.terms }, timed(`p${nth}`)).fact);
      return 0n;
    }
    const micros = (costs(play) * step.share) / 100n;
    try {
      play.correct(giveBack(charge, 'refund', micros, timed(`r${nth}`)));
      return micros;
    } catch (error) {
      expect([isParleyError(error, 'charge.refund_exceeds_total'), micros > costs(play)]).toEqual([true, true]);
      return 0n;
    }
  }

  test('the call costs what the last version says of all that came, less what was given back, and never less than nothing', () => {
    fc.assert(
      fc.property(arbitraryTerms, dealt, fc.nat({ max: 6 }), fc.array(byHand, { maxLength: 6 }), fc.nat({ max: 6 }), (terms, [intervals, batches], inTime, steps, lateAt) => {
        const endMs = intervals.at(-1)?.toMs ?? 0n;
        const play = new Play(terms).call({ type: 'video_started', party: 'caller' });
        for (const batch of batches.slice(0, inTime)) play.reaction(batch);
        play.call({ type: 'call_completed', atMs: endMs }).own({ type: 'recognition_overdue' });
        const late = Math.min(lateAt, steps.length);
        let givenBack = 0n;
        for (const [nth, step] of [...steps.slice(0, late), { do: 'late' } as const, ...steps.slice(late)].entries()) {
          if (step.do === 'late') {
            for (const batch of batches.slice(inTime)) play.reaction(batch);
            play.reaction([], { finalMs: endMs }).own(plenty);
          }
          givenBack += take(play, step, nth);
          expect(costs(play)).toBeGreaterThanOrEqual(0n);
        }
        const last = steps.findLast((step) => step.do === 'rate')?.terms ?? terms;
        const price = oracleRating(tariffAt(last, 0, originMs), intervals, endMs).micros.at(-1)!;
        expect(costs(play)).toBe(price > givenBack ? price - givenBack : 0n);
        expect(play.charged()).toBe(costs(play));
        // The receipt's history begins with what was settled and ends with what the call costs.
        const differences = (chargeOf(play).corrections ?? []).reduce((sum, { differenceMicros }) => sum + differenceMicros, 0n);
        expect(play.settled().totalMicros + differences).toBe(costs(play));
      }),
      { numRuns: 300 },
    );
  });

  test('corrections by hand of which none was refused come to the same in any order, late reactions among them', () => {
    const small = fc.array(fc.bigInt({ min: 1n, max: 400n }), { maxLength: 4 });
    fc.assert(
      fc.property(arbitraryTerms, dealt, small, fc.nat({ max: 6 }), fc.array(fc.nat({ max: 4 }), { minLength: 5, maxLength: 5 }), (terms, [intervals, batches], amounts, inTime, order) => {
        const endMs = intervals.at(-1)?.toMs ?? 0n;
        const total = (lateFirst: boolean, chosen: readonly bigint[]): bigint | undefined => {
          const play = new Play(terms).call({ type: 'video_started', party: 'caller' });
          for (const batch of batches.slice(0, inTime)) play.reaction(batch);
          play.call({ type: 'call_completed', atMs: endMs }).own({ type: 'recognition_overdue' });
          const late = () => {
            for (const batch of batches.slice(inTime)) play.reaction(batch);
            play.reaction([], { finalMs: endMs }).own(plenty);
          };
          if (lateFirst) late();
          for (const [nth, micros] of chosen.entries()) {
            if (micros > costs(play)) return undefined;
            refund(play, micros, `r${nth}`);
          }
          if (!lateFirst) late();
          return costs(play);
        };
        const shuffled = amounts.map((micros, at) => ({ micros, by: order[at] ?? 0 })).sort((one, other) => one.by - other.by).map(({ micros }) => micros);
        const [one, other] = [total(false, amounts), total(true, shuffled)];
        if (one !== undefined) expect(other).toBe(one);
      }),
      { numRuns: 200 },
    );
  });
});

test('what a late reaction adds is stamped with its cause and needs no order', () => {
  const fact: AdjustedFact = { type: 'adjusted', currency: 'EUR', differenceMicros: 1n, reason: 'late_reaction', atMs: 9n };
  const play = settled();
  play.correct(fact);
  expect(chargeOf(play)).toMatchObject({ corrections: [{ reason: 'late_reaction', differenceMicros: 1n, atMs: 9n }], settlement: { adjusted: true } });
});
