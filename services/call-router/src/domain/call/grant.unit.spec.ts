import { describe, expect, test } from '@jest/globals';
import { nextDeadlineMs } from './deadlines.ts';
import { effectsOfAll } from './effects.ts';
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

describe('a grant that lapses under a policy that says so', () => {
  const downgraded = () =>
    new Scenario()
      .when({ ...inbound, authorization: { kind: 'granted', charge: { ...charge, policy: { ...charge.policy, terms: { ...charge.policy.terms, onExhausted: 'downgrade' } } } } })
      .fetched(dialBob)
      .when({ kind: 'answer', legId: childId, consents: true })
      .when({ kind: 'start_video', legId: rootId })
      .when({ kind: 'start_video', legId: childId })
      .when({ kind: 'time_passed' }, 5000)
      .when({ kind: 'grant_not_extended' });
  const lapsed = () => downgraded().when({ kind: 'time_passed' }, 1000).when({ kind: 'grant_not_extended' }).when({ kind: 'time_passed' }, 4000);

  test('ends the video of both sides at its end, and the call goes on', () => {
    const call = downgraded().when({ kind: 'time_passed' }, 4999);
    expect(call.happened).not.toContain('video_stopped');
    expect(nextDeadlineMs(call.when({ kind: 'grant_not_extended' }).state)).toBe(call.nowMs + 1);
    call.when({ kind: 'time_passed' }, 1);
    expect(call.happened).toEqual(['video_stopped', 'video_stopped*', 'video_lapsed']);
    expect(call.find('video_stopped').mediaTimeMs).toBe(10_000);
    expect(call.when({ kind: 'send_text', legId: rootId, text: 'still there?' }, 30_000).happened).toEqual(['text_received']);
  });

  test('tells the devices, starts no video again, and asks billing no more', () => {
    const call = lapsed();
    expect(effectsOfAll(call.state, [{ kind: 'video_lapsed', atMs: call.nowMs }])).toEqual(
      [rootId, childId].map((legId) => ({ kind: 'tell_device', legId, message: { kind: 'video_ended', legId, cause: 'grant_lapsed' } })),
    );
    for (const legId of [rootId, childId]) expect(call.when({ kind: 'start_video', legId }).last.refusal).toBe('call.grant_lapsed');
    expect(call.when({ kind: 'grant_extended', untilMs: 60_000 }).happened).toEqual([]);
    expect(call.when({ kind: 'time_passed' }, 30_000).happened).toEqual([]);
    expect(call.state.kind).toBe('live');
  });

  test('that was extended in time goes on with its video', () => {
    const call = downgraded().when({ kind: 'time_passed' }, 1000).when({ kind: 'grant_extended', untilMs: 20_000 }).when({ kind: 'time_passed' }, 4000);
    expect(call.happened).toEqual([]);
    expect(call.when({ kind: 'time_passed' }, 10_000).happened).toEqual(['video_stopped', 'video_stopped*', 'video_lapsed']);
  });
});

test('an answer of billing about a free call changes nothing', () => {
  expect(new Scenario().when(inbound).when({ kind: 'grant_extended', untilMs: 5 }).happened).toEqual([]);
});
