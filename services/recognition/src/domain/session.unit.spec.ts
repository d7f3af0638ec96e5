import { describe, expect, test } from '@jest/globals';
import { measured } from '../test-support/measured.ts';
import type { Channel } from './finding.ts';
import { append, type Interval } from './interval.ts';
import type { RecognitionTerms } from './judgement.ts';
import { acknowledgedThroughMs, initialSession, step, type Command, type Outcome, type ReactionFact, type Session } from './session.ts';

const TERMS: RecognitionTerms = { minFaceAreaRatio: 0, livenessMs: 0, faceAbsentMs: 2000, voiceAbsentMs: 2000, textAbsentMs: 2000, textHoldMs: 3000, maxGapMs: 1500 };

interface Told {
  readonly session: Session;
  readonly facts: ReactionFact[];
  readonly intervals: Interval[];
}

function given(...commands: Command[]): Told {
  let session = initialSession;
  const facts: ReactionFact[] = [];
  let intervals: Interval[] = [];
  for (const command of commands) {
    const next = step(command, session);
    session = next.session;
    facts.push(...next.told.map(({ fact }) => fact));
    intervals = next.told.flatMap((told) => told.intervals).reduce(append, intervals);
  }
  return { session, facts, intervals };
}

const found = (channel: Channel, atMs: number, present: boolean, claimedMs = atMs): Outcome => ({
  channel,
  claimedMs,
  atMs,
  result: { type: 'measured', measurement: measured(channel, present) },
});
const observe = (...outcomes: Outcome[]): Command => ({ type: 'observe', outcomes, terms: TERMS, progressMs: 500 });
/** One finding every 500 ms. */
const every = (channel: Channel, fromMs: number, toMs: number, present: boolean): Outcome[] =>
  Array.from({ length: (toMs - fromMs) / 500 }, (_, index) => found(channel, fromMs + index * 500, present));
const inOrder = (...outcomes: Outcome[]): Outcome[] => outcomes.sort((a, b) => a.claimedMs - b.claimedMs);
const brief = (intervals: Interval[]): string[] =>
  intervals.map(({ fromMs, toMs, kind, channel }) => `${fromMs}-${toMs} ${kind}${channel ? ` ${channel}` : ''}`);
const complete = (atMs: number): Command => ({ type: 'complete', atMs });
const finish = (atMs: number): Command => ({ type: 'finish', claimedMs: atMs, atMs });

test('without consent nothing is waited for; who consents later is observed', () => {
  const withheld = given({ type: 'start_video', atMs: 0, consents: false }, { type: 'start_video', atMs: 100, consents: false }, complete(3000));
  expect(withheld.facts.map(({ type }) => type)).toEqual(['withheld', 'ended']);
  expect(withheld.facts[1]).toMatchObject({ reason: 'not_consented', finalMs: 3000 });
  expect(brief(withheld.intervals)).toEqual(['0-3000 unobserved']);

  const later = given({ type: 'start_video', atMs: 0, consents: false }, { type: 'start_video', atMs: 1000, consents: true }, observe(...every('face', 1000, 2000, true)), complete(2000));
  expect(later.facts.map(({ type }) => type)).toEqual(['withheld', 'observing', 'progress', 'present', 'progress']);
});

test('who withdraws, or is followed by another who does not consent, is told of each time, and is not observed', () => {
  const start = (atMs: number, consents: boolean): Command => ({ type: 'start_video', atMs, consents });
  const seen = (fromMs: number, toMs: number): Command => observe(...every('face', fromMs, toMs, true));
  const { facts, intervals } = given(start(0, true), seen(0, 2000), start(2000, false), seen(2000, 4000), start(4000, true), seen(4000, 6000), start(6000, false), seen(6000, 8000), complete(8000));
  expect(facts.filter(({ type }) => type !== 'progress').map(({ type }) => type)).toEqual(['observing', 'present', 'withheld', 'withheld', 'ended']);
  expect(brief(intervals)).toEqual(['0-2000 evidence face', '2000-4000 unobserved', '4000-6000 evidence face', '6000-8000 unobserved']);
});

test('a start that was known already, and a stop of before it, change nothing', () => {
  const start: Command = { type: 'start_video', atMs: 2000, consents: true };
  const { session } = given({ type: 'start_video', atMs: 0, consents: false }, start, { type: 'start_video', atMs: 0, consents: false }, { type: 'stop_video', atMs: 1500 }, start);
  expect(session).toMatchObject({ startedAtMs: 2000, consents: true, stoppedAtMs: undefined });
});

describe('the scene of the demo: face, speech, typing, nothing, face again', () => {
  const scene = inOrder(
    ...every('face', 0, 4000, true),
    ...every('face', 4000, 16_000, false),
    ...every('face', 16_000, 20_000, true),
    ...every('voice', 0, 5000, false),
    ...every('voice', 5000, 8000, true),
    ...every('voice', 8000, 20_000, false),
    found('text', 9000, true),
  );

  test('every stage, grace that recovers, grace that lapses, absence and return', () => {
    const { facts, intervals } = given(observe(...scene), finish(20_000), complete(20_000));
    expect(brief(intervals)).toEqual([
      '0-4000 evidence face',
      '4000-6000 grace_recovered face',
      '6000-8000 evidence voice',
      '8000-10000 grace_recovered voice',
      '10000-12000 evidence text',
      '12000-14000 grace_lapsed text',
      '14000-16000 absent',
      '16000-20000 evidence face',
    ]);
    expect(facts.filter(({ type }) => type !== 'progress')).toEqual([
      { type: 'observing' },
      { type: 'present', channel: 'face', sinceMs: 0 },
      { type: 'channel_changed', from: 'face', to: 'voice', atMs: 6000 },
      { type: 'channel_changed', from: 'voice', to: 'text', atMs: 10_000 },
      { type: 'absent', sinceMs: 14_000 },
      { type: 'present', channel: 'face', sinceMs: 16_000 },
      { type: 'ended', finalMs: 20_000, reason: 'device_finished', analysed: scene.length, skipped: 0, refused: 0 },
    ]);
  });
});

describe('returns (claim 4)', () => {
  const gone = [...every('face', 0, 7000, false)];

  test('a voice in the absent stage leads to the voice stage, and text does not count there', () => {
    const { facts } = given(observe(...gone, found('voice', 7000, true), found('text', 7100, true), found('voice', 7200, false), found('face', 7300, false)));
    expect(facts.filter(({ type }) => type === 'present')).toEqual([{ type: 'present', channel: 'voice', sinceMs: 7000 }]);
  });

  test('a text in the absent stage leads to the text stage', () => {
    const { facts } = given(observe(...gone, found('text', 7000, true), found('face', 7100, false)));
    expect(facts.at(-1)).toEqual({ type: 'present', channel: 'text', sinceMs: 7000 });
  });

  test('a face that comes back just as T1 ends is in time', () => {
    const { facts, intervals } = given(
      observe(found('face', 0, true), ...every('face', 500, 2500, false), ...every('face', 2500, 3500, true)),
      finish(3500),
      complete(3500),
    );
    expect(brief(intervals)).toEqual(['0-500 evidence face', '500-2500 grace_recovered face', '2500-3500 evidence face']);
    expect(facts.some(({ type }) => type === 'channel_changed')).toBe(false);
  });
});

describe('unobserved', () => {
  test('before the first observation, and maxGapMs after the last one', () => {
    const { intervals } = given(observe(found('face', 300, true), found('face', 3000, true)), finish(3500), complete(3500));
    expect(brief(intervals)).toEqual(['0-300 unobserved', '300-1800 evidence face', '1800-3000 unobserved', '3000-3500 evidence face']);
  });

  test('counts as absence for the timers', () => {
    const { facts } = given(observe(found('face', 0, true), found('face', 9000, true)), finish(9500), complete(9500));
    expect(facts).toContainEqual({ type: 'absent', sinceMs: 7500 });
  });

  test('a text holds no longer than somebody observes', () => {
    const { intervals } = given(observe(...every('face', 0, 4500, false), found('text', 4500, true)), finish(9000), complete(9000));
    expect(brief(intervals).slice(-2)).toEqual(['4500-6000 evidence text', '6000-9000 unobserved']);
  });
});

describe('the end', () => {
  test('nothing was ever observed: one event, one unobserved interval', () => {
    const { facts, intervals } = given({ type: 'start_video', atMs: 0, consents: true }, complete(8000), { type: 'expire' });
    expect(facts).toEqual([{ type: 'ended', finalMs: 8000, reason: 'observations_overdue', analysed: 0, skipped: 0, refused: 0 }]);
    expect(brief(intervals)).toEqual(['0-8000 unobserved']);
  });

  test('waits for the device to finish, or for an observation past the end, or expires', () => {
    const before = given(observe(...every('face', 0, 4000, true)), complete(4200));
    expect(before.session.progress.phase).toBe('observing');
    expect(step(finish(4100), before.session).told.at(-1)?.fact).toMatchObject({ type: 'ended', finalMs: 4100, reason: 'device_finished' });
    expect(step(observe(found('face', 4300, true)), before.session).told.at(-1)?.fact).toMatchObject({ finalMs: 4200, reason: 'call_completed' });
    expect(step({ type: 'expire' }, before.session).told.at(-1)?.fact).toMatchObject({ finalMs: 4200, reason: 'observations_overdue' });
  });

  test('a device cannot put the end before what it observed', () => {
    const { facts } = given(observe(...every('face', 0, 4000, true)), finish(1000), complete(5000));
    expect(facts.at(-1)).toMatchObject({ type: 'ended', finalMs: 3500 });
  });

  test('a device that finished does not end what a running call may still go on with', () => {
    const { session } = given(observe(found('face', 0, true)), finish(500));
    expect(session.progress.phase).toBe('observing');
    const { facts } = given(observe(found('face', 0, true)), finish(500), { type: 'start_video', atMs: 2000, consents: true }, observe(found('face', 3000, true)), complete(3100), finish(3050));
    expect(facts.at(-1)).toMatchObject({ type: 'ended', finalMs: 3050 });
  });

  test('a stopped video ends there, unless it starts again', () => {
    const stopped = given(observe(found('face', 0, true)), { type: 'stop_video', atMs: 900 }, complete(5000), { type: 'expire' });
    expect(stopped.facts.at(-1)).toMatchObject({ finalMs: 900 });
    const again = given({ type: 'stop_video', atMs: 900 }, { type: 'start_video', atMs: 1500, consents: true }, complete(5000), { type: 'expire' });
    expect(again.facts.at(-1)).toMatchObject({ finalMs: 5000 });
  });

  test('a video that has stopped does not stop again with its leg: the time between is nobody\'s', () => {
    const frames = observe(...every('face', 0, 4000, true));
    const { facts, intervals } = given({ type: 'stop_video', atMs: 900 }, frames, { type: 'stop_video', atMs: 3000 }, frames, complete(3000), finish(4000));
    expect(facts.at(-1)).toMatchObject({ finalMs: 900 });
    expect(brief(intervals)).toEqual(['0-900 evidence face']);
  });

  test('a start that is heard of late does not undo an end that came after it', () => {
    const { facts } = given(observe(found('face', 0, true)), finish(500), { type: 'start_video', atMs: 0, consents: true }, complete(600));
    expect(facts.at(-1)).toMatchObject({ finalMs: 500, reason: 'device_finished' });
  });

  test('a grace that the end cuts off has not recovered', () => {
    const { intervals } = given(observe(found('face', 0, true), found('face', 500, false)), finish(1000), complete(1000));
    expect(brief(intervals)).toEqual(['0-500 evidence face', '500-1000 grace_lapsed face']);
  });

  test('observations past the end of the call do not count; what was told before the end was known stays told', () => {
    const { facts, intervals, session } = given(observe(...every('face', 0, 3000, true)), complete(2200));
    expect(facts.at(-1)).toMatchObject({ type: 'ended', finalMs: 2200, reason: 'call_completed' });
    expect(brief(intervals)).toEqual(['0-2500 evidence face']);
    expect(step(observe(found('face', 3000, true)), session).told).toEqual([]);
    const known = given(complete(2200), observe(...every('face', 0, 3000, true)));
    expect(known.facts.at(-1)).toMatchObject({ type: 'ended', finalMs: 2200, reason: 'call_completed' });
    expect(brief(known.intervals)).toEqual(['0-2200 evidence face']);
  });

  test('observations past the stop of the video do not count, until it starts again', () => {
    const stop: Command = { type: 'stop_video', atMs: 1000 };
    const stopped = step(observe(...every('face', 500, 3000, true)), given(observe(found('face', 0, true)), stop).session);
    expect(Math.max(...stopped.told.map(({ observedThroughMs }) => observedThroughMs))).toBe(1000);
    const again: Command[] = [{ type: 'start_video', atMs: 3000, consents: true }, observe(...every('face', 3500, 4500, true)), finish(4500), complete(4500)];
    const { intervals } = given(observe(found('face', 0, true)), stop, observe(...every('face', 500, 3000, true)), ...again);
    expect(brief(intervals)).toEqual(['0-1000 evidence face', '1000-3500 unobserved', '3500-4500 evidence face']);
  });

  test('a stop and a start that are heard of late take nothing back', () => {
    const late: Command[] = [{ type: 'stop_video', atMs: 500 }, { type: 'start_video', atMs: 900, consents: true }];
    const { intervals } = given(observe(...every('face', 0, 1500, true)), ...late, finish(1500), complete(1500));
    expect(brief(intervals)).toEqual(['0-1500 evidence face']);
  });

  test('is told once', () => {
    const { facts } = given(observe(found('face', 0, true)), finish(500), complete(500), complete(500), { type: 'expire' }, finish(600));
    expect(facts.filter(({ type }) => type === 'ended')).toHaveLength(1);
  });
});

describe('media time', () => {
  test('is acknowledged up to the last observation, without its own instant until the device has finished', () => {
    const { session } = given(observe(found('face', 0, true), found('face', 500, true)));
    expect(acknowledgedThroughMs(initialSession)).toBe(-1);
    expect(acknowledgedThroughMs(session)).toBe(499);
    expect(acknowledgedThroughMs(step(finish(800), session).session)).toBe(800);
  });

  test('an observation that was sent before is known by its channel and the media time that the device gave', () => {
    const { session } = given(observe(found('face', 100, true), found('voice', 100, false)), observe(found('face', 100, true), found('voice', 100, false)));
    expect(session.tally.analysed).toBe(2);
  });

  test('never goes back, however the clamping to the receipt falls', () => {
    const { session, facts } = given(observe(found('face', 1000, true, 5000), found('face', 990, true, 5100), found('face', 1200, true, 5200)));
    expect(session.progress).toMatchObject({ cascade: { throughMs: 1200 } });
    expect(facts.filter(({ type }) => type === 'progress')).toHaveLength(1);
    expect(acknowledgedThroughMs(session)).toBe(5199);
  });
});
