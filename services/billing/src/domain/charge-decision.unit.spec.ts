import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { arbitraryBatches, arbitraryIntervals, arbitraryTerms } from '../test-support/arbitrary-call.ts';
import { authorized, originMs, plenty, Play } from '../test-support/charge-play.ts';
import { decide, heldSteps } from './charge-decision.ts';
import { absorbCallInput, arrival, type CallInput, type OwnInput } from './charge-inputs.ts';
import type { BillingFact, SettledCharge } from './charge.ts';
import { plainPrices } from './price.ts';
import { receiptOf } from './receipt.ts';
import { oracleRating, type OracleRating } from '../test-support/rating-oracle.ts';
import { sampleTerms } from '../test-support/sample-terms.ts';
import { tariffAt } from './tariff.ts';
import type { Segment, SegmentKind } from './timeline.ts';

const segment = (kind: SegmentKind, fromMs: number, toMs: number): Segment => ({ kind, fromMs: BigInt(fromMs), toMs: BigInt(toMs) });

describe('given a call with video', () => {
  test('when its reactions come, then counting starts, cells are charged, and it settles once both classes have ended', () => {
    const play = new Play(sampleTerms()).call({ type: 'video_started', party: 'caller' });
    play.reaction([]).reaction([segment('face', 0, 1_500)]).reaction([segment('face', 1_500, 2_000)]);
    expect(play.types()).toEqual(['started', 'charged', 'charged']);
    play.reaction([segment('grace_lapsed', 2_000, 4_000), segment('absent', 4_000, 5_000)]).reaction([segment('voice', 5_000, 5_500)]);
    play.call({ type: 'call_completed', atMs: 5_600n });
    expect(play.types().slice(3)).toEqual(['suspended', 'resumed']);
    play.reaction([], { finalMs: 5_500n });
    expect(play.facts.slice(3)).toEqual([
      { type: 'suspended', atMs: 2_000n, reason: 'grace_lapsed' },
      { type: 'resumed', atMs: 5_000n, kind: 'voice' },
      expect.objectContaining({ type: 'charged', cell: 5n, fromMs: 5_000n, toMs: 5_500n, chargedMs: 500n, amountMicros: 5_000n, cumulativeMicros: 25_000n }),
      {
        type: 'settled',
        reason: 'completed',
        decidedMs: 5_500n,
        finalMs: 5_500n,
        limitMs: undefined,
        currency: 'EUR',
        totalMicros: 25_000n,
        chargedMs: 2_500n,
        unchargedMs: 3_000n,
        applied: { call: 2n, 'reaction/caller': 5n },
      },
    ]);
  });

  test('when reactions end before the call completes, then it settles with the completion', () => {
    const play = new Play(sampleTerms()).reaction([segment('face', 0, 100)], { finalMs: 100n }).call({ type: 'video_started', party: 'caller' });
    expect(play.types()).not.toContain('settled');
    expect(play.call({ type: 'call_completed' }).types()).toEqual(['started', 'charged', 'settled']);
  });

  test('when the other side was started, too, then its end is awaited, and nothing of it is charged', () => {
    const play = new Play(sampleTerms()).call({ type: 'video_started', party: 'caller' }).call({ type: 'video_started', party: 'callee' });
    play.reaction([segment('absent', 0, 100)], { finalMs: 100n }).call({ type: 'call_completed', atMs: 100n });
    play.reaction([segment('face', 0, 100)], { party: 'callee' });
    expect(play.types()).not.toContain('settled');
    play.reaction([], { party: 'callee', finalMs: 100n });
    expect(play.settled()).toMatchObject({ reason: 'completed', totalMicros: 0n, unchargedMs: 100n });
  });

  test('a running grace, or anything beyond what was observed, is not charged', () => {
    const charge = absorbCallInput(authorized(sampleTerms()), {
      type: 'reaction_observed',
      sequence: 0n,
      party: 'caller',
      intervals: [segment('face', 0, 5_000)],
      observedThroughMs: 2_000n,
      finalMs: undefined,
    });
    expect(decide(charge).map((fact) => (fact.type === 'charged' ? fact.cell : fact.type))).toEqual(['started', 0n, 1n]);
  });
});

describe('given a call without video', () => {
  test('when it completes, then it settles at once with nothing charged', () => {
    const play = new Play(sampleTerms()).call({ type: 'call_progressed' }).call({ type: 'call_completed', atMs: 9_000n });
    expect(play.facts).toEqual([expect.objectContaining({ type: 'settled', reason: 'completed', totalMicros: 0n, finalMs: 0n, applied: { call: 2n } })]);
  });
});

describe('given that recognition is lost', () => {
  const lost = () =>
    new Play(sampleTerms())
      .call({ type: 'video_started', party: 'caller' })
      .reaction([segment('face', 0, 1_200)])
      .call({ type: 'call_completed', atMs: 3_000n })
      .own({ type: 'recognition_overdue' });

  test('when the timeout passes, then what was decided is charged and the rest is unobserved', () => {
    expect(lost().settled()).toMatchObject({ reason: 'recognition_lost', totalMicros: 12_000n, chargedMs: 1_200n, unchargedMs: 1_800n, finalMs: 3_000n });
  });

  test('when its reactions come later, then one adjustment follows, and only once they are complete', () => {
    const play = lost().reaction([segment('face', 1_200, 2_000)]);
    expect(play.types().slice(-1)).toEqual(['settled']);
    play.reaction([segment('absent', 2_000, 2_600)], { finalMs: 2_600n });
    expect(heldSteps(play.charge)).toEqual([{ untilMs: 3_000n, coverMicros: 20_000n }]);
    play.own({ type: 'grant_extended', grantedMs: 3_000n, availableMicros: 1_000_000n });
    expect(play.facts.slice(-1)).toEqual([{ type: 'adjusted', currency: 'EUR', differenceMicros: 8_000n, reason: 'late_reaction' }]);
    expect(play.own({ type: 'grant_extended', grantedMs: 9_000n, availableMicros: 1_000_000n }).types().filter((type) => type === 'adjusted')).toHaveLength(1);
  });

  test('when nothing was heard of the call itself, then it settles as lost', () => {
    const play = new Play(sampleTerms()).reaction([segment('face', 0, 1_200)]).own({ type: 'call_overdue' });
    expect(play.settled()).toMatchObject({ reason: 'call_lost', totalMicros: 12_000n, finalMs: 1_200n });
  });

  test('a timeout after the settlement changes nothing', () => {
    const play = lost();
    const before = play.facts.length;
    expect(play.own({ type: 'recognition_overdue' }).facts).toHaveLength(before);
  });
});

describe('given a grant that does not cover what is decided', () => {
  const short = () =>
    new Play(sampleTerms(), { type: 'grant_extended', grantedMs: 2_500n, availableMicros: 1_000_000n })
      .call({ type: 'video_started', party: 'caller' })
      .reaction([segment('face', 0, 5_000)]);

  test('then cells beyond it wait, and the wallet is asked for each', () => {
    const play = short();
    expect(play.charged()).toBe(20_000n);
    expect(heldSteps(play.charge)).toEqual([
      { untilMs: 3_000n, coverMicros: 30_000n },
      { untilMs: 4_000n, coverMicros: 40_000n },
      { untilMs: 5_000n, coverMicros: 50_000n },
    ]);
  });

  test('when the wallet refuses, then that is announced once, and the call settles at what was granted', () => {
    const refused: OwnInput = { type: 'grant_refused', grantedMs: 2_500n, availableMicros: 5n };
    const play = short().own(refused).own(refused).call({ type: 'call_completed', atMs: 5_000n }).reaction([], { finalMs: 5_000n });
    expect(play.types().filter((type) => type === 'balance_exhausted')).toHaveLength(1);
    expect(play.facts).toContainEqual({ type: 'balance_exhausted', walletId: 'acme/client:alice', grantedMs: 2_500n });
    expect(play.settled()).toMatchObject({ totalMicros: 25_000n, limitMs: 2_500n, chargedMs: 2_500n, unchargedMs: 2_500n });
    expect(play.charged()).toBe(25_000n);
  });

  test('when it is extended after a top-up, then what waited is charged', () => {
    const play = short().own({ type: 'grant_refused', grantedMs: 2_500n, availableMicros: 5n }).own(plenty);
    expect(play.charged()).toBe(50_000n);
  });

  test('low is announced once per crossing', () => {
    const low: OwnInput = { type: 'grant_extended', grantedMs: 60_000n, availableMicros: 299_999n };
    const play = new Play(sampleTerms()).own(low).own(low).own(plenty).own(low);
    expect(play.types()).toEqual(['balance_low', 'balance_low']);
  });
});

describe('what a policy says of the hour and of resuming', () => {
  const bands = { ...plainPrices, weekBands: [{ fromMinute: 0, permille: 1_000 }, { fromMinute: 1, permille: 500 }] };

  test('counting resumes once the reaction has lasted, and is not told of before', () => {
    const play = new Play(sampleTerms({ prices: { ...plainPrices, resumeAfterMs: 500n } })).call({ type: 'video_started', party: 'caller' });
    play.reaction([segment('face', 0, 1_000), segment('absent', 1_000, 2_000), segment('face', 2_000, 2_400)]);
    expect(play.types()).toEqual(['started', 'charged', 'suspended']);
    play.reaction([segment('face', 2_400, 4_000)]);
    expect(play.facts.filter(({ type }) => type === 'resumed')).toEqual([{ type: 'resumed', atMs: 2_500n, kind: 'face' }]);
  });

  test('a reaction waits for the origin of media time where its price depends on the hour', () => {
    const input: CallInput = { type: 'reaction_observed', sequence: 0n, party: 'caller', intervals: [segment('face', 0, 1_000)], observedThroughMs: 1_000n, finalMs: undefined };
    const before = authorized(sampleTerms({ prices: bands }));
    expect(arrival(before, input)).toBe('early');
    expect(arrival(authorized(sampleTerms({ prices: plainPrices })), input)).toBe('next');
    const known = absorbCallInput(before, { type: 'video_started', sequence: 1n, party: 'caller', mediaOriginMs: originMs });
    expect(arrival(known, input)).toBe('next');
  });

  test('the clock is that of the offset which the call was authorised with', () => {
    const charged = (utcOffsetMinutes: number) => {
      const charge = { ...authorized(sampleTerms({ prices: bands })) };
      const play = new Play(sampleTerms({ prices: bands }));
      play.charge = { ...charge, terms: { ...charge.terms, utcOffsetMinutes } };
      return play.call({ type: 'video_started', party: 'caller' }).reaction([segment('face', 0, 1_000)]).charged();
    };
    // 300 ms before the dearer minute ends; after it; 300 ms before it begins.
    expect([charged(0), charged(1), charged(-1)]).toEqual([300n * 10n + 700n * 5n, 5_000n, 300n * 5n + 700n * 10n]);
  });
});

describe('for every policy, timeline and way of cutting it into events', () => {
  const dealt = arbitraryIntervals.chain((intervals) => fc.tuple(fc.constant(intervals), arbitraryBatches(intervals)));

  test('the facts are the same, and add up to the rounded exact total', () => {
    fc.assert(
      fc.property(arbitraryTerms, dealt, (terms, [intervals, batches]) => {
        const endMs = intervals.at(-1)?.toMs ?? 0n;
        const finish = (play: Play) => play.call({ type: 'call_completed', atMs: endMs }).reaction([], { finalMs: endMs });
        const start = () => new Play(terms).call({ type: 'video_started', party: 'caller' });
        const inBatches = finish(batches.reduce((play, batch) => play.reaction(batch), start()));
        const atOnce = finish(start().reaction(intervals));
        expect(withoutApplied(inBatches.facts)).toEqual(withoutApplied(atOnce.facts));
        const total = oracleRating(tariffAt(terms, 0, originMs), intervals, endMs).micros.at(-1);
        expect(inBatches.charged()).toBe(total);
        expect(inBatches.settled().totalMicros).toBe(total);
      }),
    );
  });

  test('never more than the oracle charges within the grant, whatever the wallet says', () => {
    const answers = fc.array(fc.record({ grantedMs: fc.bigInt({ min: 0n, max: 900n }), refused: fc.boolean() }), { maxLength: 10 });
    fc.assert(
      fc.property(arbitraryTerms, dealt, answers, (terms, [intervals, batches], said) => {
        const endMs = intervals.at(-1)?.toMs ?? 0n;
        const play = new Play(terms, { type: 'grant_extended', grantedMs: terms.grantMs, availableMicros: 0n }).call({ type: 'video_started', party: 'caller' });
        let grantedMs = terms.grantMs;
        batches.forEach((batch, index) => {
          play.reaction(batch);
          const answer = said[index];
          if (answer === undefined) return;
          if (!answer.refused && answer.grantedMs > grantedMs) grantedMs = answer.grantedMs;
          play.own({ type: answer.refused ? 'grant_refused' : 'grant_extended', grantedMs, availableMicros: 0n });
        });
        play.call({ type: 'call_completed', atMs: endMs }).reaction([], { finalMs: endMs });
        const total = oracleRating(tariffAt(terms, 0, originMs), intervals, endMs, grantedMs).micros.at(-1);
        expect(play.charged()).toBe(total);
        expect(play.settled().totalMicros).toBe(total);
        const { finalMs, limitMs } = play.settled();
        expect(receiptOf(play.charge as SettledCharge)).toMatchObject(explained(oracleRating(tariffAt(terms, 0, originMs), intervals, finalMs, limitMs)));
      }),
    );
  });

  test('late reactions bring the settled total to what it would have been', () => {
    fc.assert(
      fc.property(arbitraryTerms, dealt, fc.nat({ max: 12 }), (terms, [intervals, batches], inTime) => {
        const endMs = intervals.at(-1)?.toMs ?? 0n;
        const play = new Play(terms).call({ type: 'video_started', party: 'caller' });
        for (const batch of batches.slice(0, inTime)) play.reaction(batch);
        play.call({ type: 'call_completed', atMs: endMs }).own({ type: 'recognition_overdue' });
        for (const batch of batches.slice(inTime)) play.reaction(batch);
        play.reaction([], { finalMs: endMs }).own(plenty);
        expect(play.charged()).toBe(oracleRating(tariffAt(terms, 0, originMs), intervals, endMs).micros.at(-1));
        expect(play.types().filter((type) => type === 'adjusted').length).toBeLessThanOrEqual(1);
      }),
    );
  });
});

/** The same as lines; an amount each, so that they add up. */
function explained({ milliseconds, micros }: OracleRating): object {
  const isOther = (at: number): boolean => at === 0 || milliseconds[at - 1]!.reason !== milliseconds[at]!.reason || milliseconds[at - 1]!.bandPermille !== milliseconds[at]!.bandPermille;
  const starts = [...milliseconds.keys()].filter(isOther);
  const lines = starts.map((fromMs, index) => {
    const toMs = starts[index + 1] ?? milliseconds.length;
    return { fromMs: BigInt(fromMs), toMs: BigInt(toMs), ...milliseconds[fromMs], amountMicros: micros[toMs]! - micros[fromMs]! };
  });
  return { lines, totalMicros: micros.at(-1) };
}

/** The last sequence of the reaction's source says how it was cut into events. */
function withoutApplied(facts: readonly BillingFact[]): unknown[] {
  return facts.map((fact) => (fact.type === 'settled' ? { ...fact, applied: {} } : fact));
}
