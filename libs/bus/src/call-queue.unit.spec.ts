import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { CallQueue, type CallQueueOptions, type Handled, type QueuedEvent } from './call-queue.ts';
import { newEvent, type StreamedEvent } from './event.ts';

function event(source: string, sequence: number): StreamedEvent {
  const value = { legId: 'CA1', event: { $case: 'answered' as const, value: {} } };
  const call = { from: 'client:a', to: 'client:b', direction: 'inbound' as const };
  const made = newEvent({ accountId: 'acme', callId: 'CA1', time: new Date(0), sequence: BigInt(sequence), call, data: { class: 'call', value } });
  return { ...made, source, stream: source, streamSequence: sequence + 1 };
}

interface Run {
  readonly applied: string[];
  readonly done: string[];
  readonly parked: string[];
  readonly queue: CallQueue;
  readonly add: (source: string, sequence: number) => void;
}

function run(handle: (name: string, applied: readonly string[]) => Handled, options: Partial<CallQueueOptions> = {}): Run {
  const applied: string[] = [];
  const done: string[] = [];
  const parked: string[] = [];
  const nameOf = ({ source, sequence }: StreamedEvent) => `${source}${sequence}`;
  const queue = new CallQueue({
    handle: async (one) => {
      const outcome = handle(nameOf(one), applied);
      if (outcome === 'applied') applied.push(nameOf(one));
      return outcome;
    },
    isTransient: () => false,
    attempts: 3,
    gapTimeoutMs: 20,
    firstRetryMs: 1,
    signal: new AbortController().signal,
    park: async (_failure, queued: readonly QueuedEvent[]) => {
      parked.push(...queued.map((one) => nameOf(one.event)));
    },
    ...options,
  });
  const add = (source: string, sequence: number) => {
    const one = event(source, sequence);
    queue.add({ event: one, message: () => ({ subject: '', headers: {}, payload: new Uint8Array(), stream: source, streamSequence: sequence }), done: () => done.push(nameOf(one)) });
  };
  return { applied, done, parked, queue, add };
}

describe('call queue', () => {
  test('an event that waits for another source does not hold that one up', async () => {
    const { queue, add, applied, done } = run((name, soFar) => (name === 'b0' && !soFar.includes('a1') ? 'wait' : 'applied'));
    add('b', 0);
    add('b', 1);
    add('a', 0);
    add('a', 1);
    await queue.idle();
    expect(applied).toEqual(['a0', 'a1', 'b0', 'b1']);
    expect(done).toEqual(applied);
  });

  test('an event that was taken lets its call go on, and is done once it is settled', async () => {
    const settled = Promise.withResolvers<void>();
    const { queue, add, done, parked } = run((name) => (name === 'a0' ? { outcome: 'taken', settled: settled.promise } : 'applied'));
    add('a', 0);
    add('a', 1);
    await queue.idle();
    expect({ done: [...done], isEmpty: queue.isEmpty }).toEqual({ done: ['a1'], isEmpty: true });
    settled.resolve();
    await settled.promise;
    expect({ done, parked }).toEqual({ done: ['a1', 'a0'], parked: [] });
  });

  test('an event that was taken has what waited for it tried again', async () => {
    let asked = 0;
    const { queue, add, done } = run((name) => {
      if (name === 'b0') return asked++ === 0 ? 'wait' : 'applied';
      return { outcome: 'taken', settled: Promise.resolve() };
    });
    add('b', 0);
    add('a', 0);
    await queue.idle();
    expect(done.toSorted()).toEqual(['a0', 'b0']);
  });

  test('what waits too long parks the call, with all that lined up behind it', async () => {
    const { queue, add, parked, done } = run((name) => (name.startsWith('b') ? 'wait' : 'applied'));
    add('b', 0);
    add('a', 0);
    add('b', 1);
    await queue.idle();
    expect(parked).toEqual([]);
    await new Promise((resolve) => setTimeout(resolve, 60));
    expect(parked).toEqual(['b0', 'b1']);
    expect(done).toEqual(['a0']);
  });

  test('what was waited for and is handled elsewhere meanwhile parks nothing', async () => {
    let isElsewhere = false;
    const { queue, add, applied, parked } = run((name) => {
      if (name === 'a0') return 'duplicate';
      return isElsewhere ? 'applied' : 'wait';
    });
    add('b', 0);
    add('a', 0);
    await queue.idle();
    isElsewhere = true;
    await new Promise((resolve) => setTimeout(resolve, 60));
    expect({ applied, parked }).toEqual({ applied: ['b0'], parked: [] });
  });

  test('a failure is tried a bounded number of times, then parks the call', async () => {
    let attempts = 0;
    const { queue, add, parked } = run(() => {
      attempts += 1;
      throw new Error('no');
    });
    add('a', 0);
    add('a', 1);
    await queue.idle();
    expect({ attempts, parked }).toEqual({ attempts: 3, parked: ['a0', 'a1'] });
  });

  test('a failure that passes is tried until it has passed, and parks nothing', async () => {
    let attempts = 0;
    const { queue, add, parked, applied } = run(
      () => {
        attempts += 1;
        if (attempts < 9) throw new Error('the database is away');
        return 'applied';
      },
      { isTransient: () => true },
    );
    add('a', 0);
    await queue.idle();
    expect({ applied, parked }).toEqual({ applied: ['a0'], parked: [] });
  });

  test('whatever the interleaving and the dependencies, each source keeps its order and all is applied once', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.array(fc.constantFrom('a', 'b', 'c'), { minLength: 1, maxLength: 30 }),
        fc.array(fc.record({ later: fc.nat(9), earlier: fc.nat(9) }), { maxLength: 6 }),
        async (arrivals, edges) => {
          const next: Record<string, number> = {};
          const arrived = arrivals.map((source) => ({ source, sequence: (next[source] = (next[source] ?? -1) + 1) }));
          const total = new Set(arrived.map(({ source, sequence }) => `${source}${sequence}`));
          // `b` and `c` may lean on `a`, never the other way round: causes do not go in circles.
          const needs = new Map(edges.map(({ later, earlier }) => [`b${later}`, `a${earlier}`]));
          const { queue, add, applied } = run(
            (name, soFar) => {
              const need = needs.get(name);
              return need !== undefined && total.has(need) && !soFar.includes(need) ? 'wait' : 'applied';
            },
            { gapTimeoutMs: 60_000 },
          );
          for (const { source, sequence } of arrived) add(source, sequence);
          await queue.idle();
          expect([...applied].sort()).toEqual([...total].sort());
          for (const source of ['a', 'b', 'c']) {
            const order = applied.filter((name) => name.startsWith(source)).map((name) => Number(name.slice(1)));
            expect(order).toEqual(order.toSorted((one, other) => one - other));
          }
        },
      ),
      { numRuns: 60 },
    );
  });
});
