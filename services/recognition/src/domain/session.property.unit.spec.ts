import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { expectedOf } from '../test-support/cascade-reference.ts';
import { measured } from '../test-support/measured.ts';
import type { Channel, Finding } from './finding.ts';
import { append, type Interval } from './interval.ts';
import { initialJudgement, judge, type RecognitionTerms } from './judgement.ts';
import type { Measurement } from './measurement.ts';
import type { Told } from './narration.ts';
import { acknowledgedThroughMs, initialSession, step, type Command, type Outcome, type ReactionFact, type Session } from './session.ts';

const FINAL_MS = 400;
const PROGRESS_MS = 50;

const duration = fc.oneof({ weight: 4, arbitrary: fc.integer({ min: 1, max: 60 }) }, { weight: 1, arbitrary: fc.constant(0) });
const terms: fc.Arbitrary<RecognitionTerms> = fc.record({
  faceAbsentMs: duration,
  voiceAbsentMs: duration,
  textAbsentMs: duration,
  textHoldMs: fc.integer({ min: 1, max: 80 }),
  maxGapMs: fc.integer({ min: 1, max: 60 }),
  minFaceAreaRatio: fc.constant(0),
  livenessMs: fc.oneof(fc.constant(0), fc.integer({ min: 1, max: 150 })),
});

const score = fc.integer({ min: 1, max: 100 }).map((hundredths) => hundredths / 100);
/** Faces that stand still and that move, that are seen for the first time and again. */
const face = fc
  .record({ present: fc.boolean(), score, shape: fc.constantFrom([0, 0], [0, 400]), digest: fc.constantFrom('', 'a', 'b') })
  .map(({ present, score: confidence, shape, digest }): Measurement => ({ ...measured('face', present, confidence), ...(present && { shape, digest }) }));
const other = fc.record({ channel: fc.constantFrom<Channel>('voice', 'text'), present: fc.boolean(), score }).map(({ channel, present, score: confidence }) => measured(channel, present, confidence));

/** Like a device: each channel's media times grow, and all come in the order of media time. */
const observations: fc.Arbitrary<Outcome[]> = fc
  .uniqueArray(
    fc.record({
      measurement: fc.oneof(face, other),
      // Coarse, so that observations often fall together and on the ends of waits.
      atMs: fc.oneof(fc.integer({ min: 0, max: FINAL_MS - 1 }), fc.integer({ min: 0, max: FINAL_MS / 10 - 1 }).map((tens) => tens * 10)),
    }),
    { maxLength: 60, selector: ({ measurement: { channel }, atMs }) => `${channel}${atMs}` },
  )
  .map((list) =>
    list
      .map(({ measurement, atMs }): Outcome => ({ channel: measurement.channel, atMs, claimedMs: atMs, result: { type: 'measured', measurement } }))
      .sort((a, b) => a.atMs - b.atMs),
  );

/** What the observations say, one after the other. */
function findingsOf(list: readonly Outcome[], given: RecognitionTerms): Finding[] {
  let state = initialJudgement;
  return list.flatMap(({ atMs, result }) => {
    if (result.type !== 'measured') return [];
    const judged = judge(state, atMs, result.measurement, given);
    state = judged.state;
    return [judged.finding];
  });
}

interface Played {
  readonly session: Session;
  readonly told: Told<ReactionFact>[];
}

function play(commands: readonly Command[], from: Session = initialSession): Played {
  let session = from;
  const told: Told<ReactionFact>[] = [];
  for (const command of commands) {
    const next = step(command, session);
    session = next.session;
    told.push(...next.told);
  }
  return { session, told };
}

const observe = (list: readonly Outcome[], given: RecognitionTerms): Command => ({
  type: 'observe',
  outcomes: list,
  terms: given,
  progressMs: PROGRESS_MS,
});
const hangUp: Command[] = [
  { type: 'finish', claimedMs: FINAL_MS, atMs: FINAL_MS },
  { type: 'complete', atMs: FINAL_MS },
];
const intervalsOf = (told: readonly Told<ReactionFact>[]): Interval[] => told.flatMap(({ intervals }) => intervals).reduce<Interval[]>(append, []);
/** The reference adds up in another order. */
const about = (intervals: Interval[]): object[] => intervals.map((one) => ({ ...one, confidence: expect.closeTo(one.confidence, 9) }));
const isChange = ({ fact }: Told<ReactionFact>): boolean => ['present', 'channel_changed', 'absent'].includes(fact.type);

describe('a session, for any findings and terms', () => {
  test('tells the intervals and changes of the reference', () => {
    fc.assert(
      fc.property(observations.filter((list) => list.length > 0), terms, (list, given) => {
        const { told } = play([observe(list, given), ...hangUp]);
        const expected = expectedOf(findingsOf(list, given), FINAL_MS, given);
        expect(intervalsOf(told)).toEqual(about(expected.intervals));
        expect(told.filter(isChange).map(({ fact }) => fact)).toEqual(expected.facts);
      }),
      { numRuns: 1500 },
    );
  });

  test('a stop that is known when the observations past it come cuts them off', () => {
    fc.assert(
      fc.property(observations.filter((list) => list.length > 0), terms, fc.integer({ min: 1, max: FINAL_MS }), fc.nat({ max: 60 }), (list, given, stopMs, known) => {
        const counted = list.filter(({ atMs }) => atMs < stopMs);
        const before = counted.slice(0, known);
        const stop: Command = { type: 'stop_video', atMs: stopMs };
        const { told } = play([observe(before, given), stop, observe(list.slice(before.length), given), ...hangUp]);
        const expected = expectedOf(findingsOf(counted, given), stopMs, given);
        expect(intervalsOf(told)).toEqual(about(expected.intervals));
        expect(told.filter(isChange).map(({ fact }) => fact)).toEqual(expected.facts);
        expect(Math.max(...told.map(({ observedThroughMs }) => observedThroughMs))).toBe(stopMs);
      }),
    );
  });

  test('between a stop and the next start nothing is observed, whatever comes then', () => {
    fc.assert(
      fc.property(observations.filter((list) => list.length > 0), terms, fc.nat({ max: FINAL_MS - 2 }), fc.integer({ min: 1, max: 100 }), (list, given, stopMs, pauseMs) => {
        const startMs = Math.min(stopMs + pauseMs, FINAL_MS - 1);
        const [before, between, after] = [
          list.filter(({ atMs }) => atMs < stopMs),
          list.filter(({ atMs }) => atMs >= stopMs && atMs < startMs),
          list.filter(({ atMs }) => atMs >= startMs),
        ];
        // Who is seen after the start may be another: nothing is known of them.
        const counted = [...findingsOf(before, given), ...findingsOf(after, given)];
        const stopped: Command[] = [{ type: 'stop_video', atMs: stopMs }, observe(between, given), { type: 'start_video', atMs: startMs, consents: true }];
        const { told } = play([observe(before, given), ...stopped, observe(after, given), ...hangUp]);
        const expected = expectedOf(counted, FINAL_MS, given, stopMs);
        expect(intervalsOf(told)).toEqual(about(expected.intervals));
        expect(told.filter(isChange).map(({ fact }) => fact)).toEqual(expected.facts);
      }),
    );
  });

  test('from a withdrawal of consent until another consents nothing is observed, whatever comes then', () => {
    fc.assert(
      fc.property(observations.filter((list) => list.length > 0), terms, fc.nat({ max: FINAL_MS - 2 }), fc.integer({ min: 1, max: 100 }), (list, given, withdrawnMs, pauseMs) => {
        const consentMs = Math.min(withdrawnMs + pauseMs, FINAL_MS - 1);
        const [before, between, after] = [
          list.filter(({ atMs }) => atMs < withdrawnMs),
          list.filter(({ atMs }) => atMs >= withdrawnMs && atMs < consentMs),
          list.filter(({ atMs }) => atMs >= consentMs),
        ];
        const start = (atMs: number, consents: boolean): Command => ({ type: 'start_video', atMs, consents });
        const { told, session } = play([start(0, true), observe(before, given), start(withdrawnMs, false), observe(between, given), start(consentMs, true), observe(after, given), ...hangUp]);
        const expected = expectedOf([...findingsOf(before, given), ...findingsOf(after, given)], FINAL_MS, given, withdrawnMs);
        if (before.length + after.length > 0) expect(intervalsOf(told)).toEqual(about(expected.intervals));
        const reactions = intervalsOf(told).filter(({ kind, fromMs, toMs }) => kind !== 'unobserved' && fromMs < consentMs && toMs > withdrawnMs);
        expect(reactions.filter(({ kind, channel }) => kind === 'evidence' && channel !== 'text')).toEqual([]);
        expect(told.filter(({ fact }) => fact.type === 'withheld')).toHaveLength(1);
        expect(session.tally.analysed).toBe(before.length + after.length);
      }),
    );
  });

  test('intervals are contiguous from 0 to the end, none empty, and none is told before it is observed', () => {
    fc.assert(
      fc.property(observations, terms, (list, given) => {
        const { told } = play([observe(list, given), ...hangUp]);
        let throughMs = 0;
        for (const { intervals, observedThroughMs } of told) {
          for (const { fromMs, toMs } of intervals) {
            expect(fromMs).toBe(throughMs);
            expect(toMs).toBeGreaterThan(fromMs);
            expect(toMs).toBeLessThanOrEqual(observedThroughMs);
            throughMs = toMs;
          }
        }
        expect(throughMs).toBe(FINAL_MS);
        expect(told.filter(({ fact }) => fact.type === 'ended')).toHaveLength(1);
        expect(told.at(-1)?.fact).toMatchObject({ type: 'ended', finalMs: FINAL_MS, reason: 'device_finished' });
      }),
    );
  });

  test('what is told takes observation forward, and starts with observing', () => {
    fc.assert(
      fc.property(observations.filter((list) => list.length > 0), terms, (list, given) => {
        const { told } = play([observe(list, given), ...hangUp]);
        const through = told.map(({ observedThroughMs }) => observedThroughMs);
        expect(through).toEqual([...through].sort((a, b) => a - b));
        expect(told.map(({ fact }) => fact.type).lastIndexOf('observing')).toBe(0);
      }),
    );
  });

  test('the cut into batches does not show, nor does storing the session in between', () => {
    fc.assert(
      fc.property(observations, terms, fc.array(fc.nat({ max: 60 }), { maxLength: 8 }), (list, given, cuts) => {
        const ends = [...new Set([...cuts.filter((cut) => cut < list.length), list.length])].sort((a, b) => a - b);
        const whole = play([observe(list, given), ...hangUp]);
        let stored = initialSession;
        const told: Told<ReactionFact>[] = [];
        ends.forEach((end, index) => {
          const part = play([observe(list.slice(ends[index - 1] ?? 0, end), given)], structuredClone(stored));
          stored = part.session;
          told.push(...part.told);
        });
        const last = play(hangUp, stored);
        expect([...told, ...last.told]).toEqual(whole.told);
        expect(last.session).toEqual(whole.session);
      }),
    );
  });

  test('what is sent again from the acknowledged media time on, after a restart, changes nothing', () => {
    fc.assert(
      fc.property(observations, terms, fc.nat({ max: 60 }), fc.nat({ max: 60 }), (list, given, cut, more) => {
        const whole = play([observe(list, given), ...hangUp]);
        const first = play([observe(list.slice(0, cut), given)]);
        const acknowledged = acknowledgedThroughMs(first.session) - more;
        const again = play([observe(list.filter(({ atMs }) => atMs > acknowledged), given), ...hangUp], first.session);
        expect([...first.told, ...again.told]).toEqual(whole.told);
      }),
    );
  });

  test('the order of channels at one instant does not matter', () => {
    fc.assert(
      fc.property(observations, terms, (list, given) => {
        const reversed = [...list].reverse().sort((a, b) => a.atMs - b.atMs);
        const [one, two] = [list, reversed].map((order) => play([observe(order, given), ...hangUp]).told);
        expect(intervalsOf(two ?? [])).toEqual(intervalsOf(one ?? []));
        expect(two?.filter(isChange)).toEqual(one?.filter(isChange));
      }),
    );
  });

  test('skipped and refused observations change nothing but the counts', () => {
    fc.assert(
      fc.property(observations, terms, fc.array(fc.constantFrom('skipped' as const, 'refused' as const), { maxLength: 20 }), (list, given, lost) => {
        const others = lost.map((type, index): Outcome => ({ channel: 'face', claimedMs: FINAL_MS + index, atMs: FINAL_MS, result: { type } }));
        const command = observe(list, given) as Extract<Command, { type: 'observe' }>;
        const whole = play([command, ...hangUp]);
        const noisy = play([{ ...command, outcomes: [...command.outcomes, ...others] }, ...hangUp]);
        expect(intervalsOf(noisy.told)).toEqual(intervalsOf(whole.told));
        expect(noisy.session.tally).toEqual({
          analysed: list.length,
          skipped: lost.filter((type) => type === 'skipped').length,
          refused: lost.filter((type) => type === 'refused').length,
        });
      }),
    );
  });

  test('progress is told at most once a step, and whenever an observation enters a new one', () => {
    fc.assert(
      fc.property(observations, terms, (list, given) => {
        const { told } = play([observe(list, given), ...hangUp]);
        const steps = told.filter(({ fact }) => fact.type === 'progress').map(({ observedThroughMs }) => Math.floor(observedThroughMs / PROGRESS_MS));
        const expected = [...new Set(list.map(({ atMs }) => Math.floor(atMs / PROGRESS_MS)).filter((index) => index > 0))];
        expect(steps).toEqual(expected);
      }),
    );
  });
});
