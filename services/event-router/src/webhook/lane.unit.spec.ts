import { describe, expect, test } from '@jest/globals';
import type { PendingDelivery } from '../domain/delivery.ts';
import { Lane, type Attempted } from './lane.ts';

const delivery = (sequence: number): PendingDelivery => ({
  id: `s/e${sequence}`,
  subscriptionId: 's',
  accountId: 'acme',
  callId: 'CA1',
  eventId: `e${sequence}`,
  partition: 0,
  stream: 'CALL_EVENTS',
  streamSequence: sequence,
  timeMs: sequence,
  attempts: 0,
  notBefore: new Date(0),
});
const over: Attempted = { kind: 'over' };
const again = (attempts: number, inMs = 0): Attempted => ({ kind: 'again', attempts, notBefore: new Date(Date.now() + inMs) });

function startLane(attempt: (delivery: PendingDelivery) => Attempted | Promise<Attempted>, isOpen = () => true) {
  const ending = new AbortController();
  const attempted: string[] = [];
  let emptied = 0;
  const lane = new Lane({
    isOpen,
    attempt: async (head) => {
      attempted.push(`${head.eventId}#${head.attempts}`);
      return attempt(head);
    },
    onEmpty: () => (emptied += 1),
    signal: ending.signal,
  });
  return { lane, attempted, ending, emptied: () => emptied };
}

describe('a lane', () => {
  test('tries its head until it is over, then the next', async () => {
    const { lane, attempted, emptied } = startLane(({ attempts, eventId }) => (eventId === 'e1' && attempts < 2 ? again(attempts + 1) : over));
    for (const sequence of [1, 2]) lane.add(delivery(sequence));
    await lane.idle();
    expect(attempted).toEqual(['e1#0', 'e1#1', 'e1#2', 'e2#0']);
    expect(emptied()).toBe(1);
  });

  test('that is closed waits, and goes on once it is poked', async () => {
    let isOpen = false;
    const { lane, attempted } = startLane(() => over, () => isOpen);
    for (const sequence of [2, 1]) lane.add(delivery(sequence));
    await lane.idle();
    expect(attempted).toEqual([]);
    isOpen = true;
    lane.poke();
    await lane.idle();
    expect(attempted).toEqual(['e1#0', 'e2#0']);
  });

  test('takes an earlier one that comes while it waits to try again', async () => {
    const { lane, attempted } = startLane(({ eventId, attempts }) => (eventId === 'e2' && attempts === 0 ? again(1, 50) : over));
    lane.add(delivery(2));
    await Promise.resolve();
    lane.add(delivery(1));
    await lane.idle();
    expect(attempted).toEqual(['e2#0', 'e1#0', 'e2#1']);
  });

  test('ends when its partition goes, also while it waits', async () => {
    const { lane, attempted, ending, emptied } = startLane(() => again(1, 3_600_000));
    lane.add(delivery(1));
    while (attempted.length === 0) await Promise.resolve();
    ending.abort();
    await lane.idle();
    expect(attempted).toEqual(['e1#0']);
    expect(emptied()).toBe(0);
  });
});
