import { describe, expect, test } from '@jest/globals';
import { accountsOf, planCalls } from './call-plan.ts';
import { seededRandom } from './seeded-random.ts';

const accounts = accountsOf(8);
const calls = planCalls(seededRandom(7), 2_000, accounts);

describe('the plan of calls', () => {
  test('is the same for the same seed, and another one for another', () => {
    const again = planCalls(seededRandom(7), 2_000, accounts);
    expect(again.slice(0, 50).map(({ callId, story }) => [callId, story()])).toEqual(calls.slice(0, 50).map(({ callId, story }) => [callId, story()]));
    expect(planCalls(seededRandom(8), 1, accounts)[0]!.callId).not.toBe(calls[0]!.callId);
  });

  test('tells each call by an id of its own, for every account', () => {
    expect(new Set(calls.map(({ callId }) => callId)).size).toBe(calls.length);
    expect(calls.every(({ callId }) => /^CA[0-9a-f]{32}$/.test(callId))).toBe(true);
    expect(new Set(calls.map(({ accountId }) => accountId))).toEqual(new Set(accounts));
  });

  test('has about eight events a call, of every class, and one end of each', () => {
    const stories = calls.map(({ story }) => story());
    const events = stories.flat();
    expect(events.length / calls.length).toBeGreaterThan(7);
    expect(events.length / calls.length).toBeLessThan(10);
    expect(new Set(events.map(({ data }) => data.class))).toEqual(new Set(['call', 'reaction', 'billing']));
    for (const story of stories) expect(story.filter(({ data }) => data.value.event?.$case === 'completed')).toHaveLength(1);
  });
});
