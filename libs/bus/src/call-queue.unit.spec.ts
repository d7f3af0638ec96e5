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
  /** What the handler was given, each time. */
  readonly handed: readonly (readonly string[])[];
  readonly applied: string[];
  readonly done: string[];
  readonly parked: string[];
  readonly queue: CallQueue;
  readonly add: (source: string, sequence: number) => void;
}

/** @param together how many the handler takes at a time. */
function run(handle: (name: string, applied: readonly string[]) => Handled, { together = 1, ...options }: Partial<CallQueueOptions> & { readonly together?: number } = {}): Run {
  const handed: string[][] = [];
  const applied: string[] = [];
  const done: string[] = [];
  const parked: string[] = [];
  const nameOf = ({ source, sequence }: StreamedEvent) => `${source}${sequence}`;
  const queue = new CallQueue({
    handle: async (events) => {
      handed.push(events.map(nameOf));
      const outcomes: Handled[] = [];
      const waiting = new Set<string>();
      for (const one of events.slice(0, together)) {
        try {
          const outcome = waiting.has(one.source) ? 'wait' : handle(nameOf(one), applied);
          if (outcome === 'applied') applied.push(nameOf(one));
          if (outcome === 'wait') waiting.add(one.source);
          outcomes.push(outcome);
        } catch (error) {
          if (outcomes.length === 0) throw error;
          break;
        }
      }
      return outcomes;
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
  return { handed, applied, done, parked, queue, add };
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

  test('what is there is handed over together, and what the handler did not take comes again', async () => {
    const { queue, add, handed, done } = run((name, soFar) => (name === 'b0' && !soFar.includes('a1') ? 'wait' : 'applied'), { together: 3 });
    add('b', 0);
    for (const sequence of [0, 1, 2]) add('a', sequence);
    add('b', 1);
    await queue.idle();
    // The first one is on its way when the others come.
    expect(handed).toEqual([['b0'], ['a0', 'a1', 'a2'], ['b0', 'b1']]);
    expect(done).toEqual(['a0', 'a1', 'a2', 'b0', 'b1']);
  });

  test('are so many at the most', async () => {
    const { queue, add, handed } = run(() => 'applied', { together: 100 });
    for (let sequence = 0; sequence < 40; sequence += 1) add('a', sequence);
    await queue.idle();
    expect(handed.map(({ length }) => length)).toEqual([1, 32, 7]);
  });

  test('a failure of one behind others parks what is not done, once that is the first', async () => {
    let attempts = 0;
    const { queue, add, applied, parked } = run(
      (name) => {
        if (name !== 'a2') return 'applied';
        attempts += 1;
        throw new Error('no');
      },
      { together: 10 },
    );
    for (const sequence of [0, 1, 2, 3]) add('a', sequence);
    await queue.idle();
    expect({ applied, parked, attempts }).toEqual({ applied: ['a0', 'a1'], parked: ['a2', 'a3'], attempts: 4 });
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
        fc.constantFrom(1, 2, 5, 100),
        async (arrivals, edges, together) => {
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
            { gapTimeoutMs: 60_000, together },
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
