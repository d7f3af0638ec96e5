import { expect, test } from '@jest/globals';
import { nextDeadlineMs } from './deadlines.ts';
import { charge, childId, dialBob, inbound, rootId, Scenario } from './scenario.fixture.ts';

const charged = () =>
  new Scenario()
    .when({ ...inbound, authorization: { kind: 'granted', charge } })
    .fetched(dialBob)
    .when({ kind: 'answer', legId: childId, consents: false });

const onVideo = () => charged().when({ kind: 'start_video', legId: rootId });

test('the authorisation travels in the first event', () => {
  expect(new Scenario().when({ ...inbound, authorization: { kind: 'granted', charge } }).find('initiated').root?.charge).toEqual(charge);
});

test('a grant counts media time: without video nothing lapses', () => {
  const call = charged().when({ kind: 'time_passed' }, 59_000);
  expect(call.state.kind).toBe('live');
});

test('billing is asked when half of the grant is left, once', () => {
  const call = onVideo();
  expect(nextDeadlineMs(call.state)).toBe(call.nowMs + 5000);
  expect(call.when({ kind: 'time_passed' }, 5000).happened).toEqual(['grant_extension_asked']);
  expect(call.when({ kind: 'time_passed' }, 10).happened).toEqual([]);
  call.when({ kind: 'grant_extended', untilMs: 20_000 }, 90);
  expect(call.state).toMatchObject({ grant: { untilMs: 20_000, extendAtMs: 5100 + (20_000 - 5100) / 2 } });
});

test('an extension that was refused is asked for again, and the grant lapses if it stays so', () => {
  const call = onVideo().when({ kind: 'time_passed' }, 5000).when({ kind: 'grant_not_extended' });
  expect(call.when({ kind: 'time_passed' }, 1000).happened).toEqual(['grant_extension_asked']);
  call.when({ kind: 'grant_extended', untilMs: 10_000 });
  expect(call.when({ kind: 'time_passed' }, 3999).state.kind).toBe('live');
  call.when({ kind: 'time_passed' }, 1);
  expect(call.happened).toEqual(['video_stopped', 'completed*', 'verb_ended', 'completed']);
  expect(call.find('completed')).toMatchObject({ status: 'completed', cause: 'grant_lapsed' });
});

test('an answer of billing about a free call changes nothing', () => {
  expect(new Scenario().when(inbound).when({ kind: 'grant_extended', untilMs: 5 }).happened).toEqual([]);
});
