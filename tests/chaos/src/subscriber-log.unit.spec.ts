import { describe, expect, test } from '@jest/globals';
import { newEvent, type BusEvent } from '@parley/bus';
import fc from 'fast-check';
import { callStory } from './call-story.ts';
import { createPublishedEvents } from './published-events.ts';
import { seededRandom } from './seeded-random.ts';
import type { SoakFilter } from './soak-filter.ts';
import { createSubscriberLog } from './subscriber-log.ts';

function event(sequence: number, { accountId = 'acme', callId = 'CA1', from = 'client:a' } = {}): BusEvent {
  const { data } = callStory(callId, seededRandom(1))[0]!;
  return newEvent({ accountId, callId, data, sequence: BigInt(sequence), time: new Date(0), call: { from, to: '+1', direction: 'inbound' } });
}

/** A log that has subscribed, and events behind it that were published and stored. */
async function published(sequences: readonly number[], filter: SoakFilter = {}) {
  let nowMs = 0;
  const clock = () => (nowMs += 1);
  const events = createPublishedEvents(clock);
  const log = createSubscriberLog({ name: 'one', accountId: 'acme', filter }, events, clock);
  const publish = async (...more: readonly BusEvent[]) => {
    for (const one of more) {
      if (events.get(one.id) === undefined) events.record(one);
      await events.stored(one.id, async () => undefined);
    }
  };
  log.starting();
  log.started();
  await publish(...sequences.map((sequence) => event(sequence)));
  return { log, publish, events, take: (...taken: readonly BusEvent[]) => taken.forEach((one) => log.take(one, 'sse')) };
}

const sequences = fc.integer({ min: 2, max: 30 }).map((count) => Array.from({ length: count }, (_, sequence) => sequence));

describe('a log', () => {
  test('has no fault when all comes in order, however often some of it is repeated', async () => {
    await fc.assert(
      fc.asyncProperty(sequences, fc.array(fc.nat(29)), async (all, repeats) => {
        const { log, take } = await published(all);
        for (const sequence of all) {
          take(event(sequence));
          for (const earlier of repeats) if (earlier <= sequence) take(event(earlier));
        }
        expect(log.faults()).toEqual([]);
        expect(log.isComplete()).toBe(true);
      }),
    );
  });

  test('finds any one event that is missing', async () => {
    await fc.assert(
      fc.asyncProperty(sequences, fc.nat(), async (all, at) => {
        const { log, take } = await published(all);
        const lost = at % all.length;
        take(...all.filter((sequence) => sequence !== lost).map((sequence) => event(sequence)));
        expect(log.isComplete()).toBe(false);
        expect(log.faults()).toEqual([{ kind: 'missing', count: 1, first: expect.stringContaining(`CA1-call-${lost}, published at `) }]);
      }),
    );
  });

  test('finds any one event that comes too late', async () => {
    await fc.assert(
      fc.asyncProperty(sequences, fc.nat(), async (all, at) => {
        const { log, take } = await published(all);
        const late = at % (all.length - 1);
        take(...all.filter((sequence) => sequence !== late).map((sequence) => event(sequence)), event(late));
        expect(log.faults()).toEqual([{ kind: 'out of order', count: 1, first: expect.stringContaining(`CA1-call-${late},`) }]);
      }),
    );
  });

  test('takes what the broker delivers once more in whatever order, and finds it when it is missing', async () => {
    const { log, take } = await published([0, 1, 2]);
    take(event(0), event(2));
    expect(log.faults()).toMatchObject([{ kind: 'missing', first: expect.stringContaining('CA1-call-1') }]);
    log.take({ ...event(1), redelivered: true }, 'nats');
    expect(log.faults()).toEqual([]);
  });

  test('takes a copy from NATS in the place of what was lost on its way, and from no other transport', async () => {
    for (const [transport, faults] of [['nats', []], ['sse', [{ kind: 'out of order' }]]] as const) {
      const { log, publish } = await published([0, 1]);
      await publish(event(0));
      for (const sequence of [1, 0]) log.take(event(sequence), transport);
      expect(log.faults()).toMatchObject(faults);
      expect(log.faults()).toHaveLength(faults.length);
    }
  });

  test('finds what is not its own', async () => {
    const { log, take, publish } = await published([0], { from: ['client:a'] });
    const [theirs, unasked] = [event(0, { accountId: 'acme-2', callId: 'CA2' }), event(0, { callId: 'CA3', from: 'client:b' })];
    await publish(theirs, unasked);
    take(event(0), theirs, unasked, event(7));
    expect(log.faults().map(({ kind, first }) => [kind, first])).toEqual([
      ['of another account', 'CA2-call-0'],
      ['not asked for', 'CA3-call-0'],
      ['not published', 'CA1-call-7'],
    ]);
  });

  test('finds what was altered', async () => {
    const { log } = await published([0]);
    log.take({ ...event(0), sequence: 4n }, 'grpc');
    expect(log.faults()).toMatchObject([{ kind: 'altered', first: 'CA1-call-0' }]);
  });

  test('begins when it subscribes: earlier events must not come, unless they are published again', async () => {
    let nowMs = 0;
    const events = createPublishedEvents(() => (nowMs += 1));
    const log = createSubscriberLog({ name: 'late', accountId: 'acme', filter: {} }, events, () => (nowMs += 1));
    const publish = (one: BusEvent) => events.stored(one.id, async () => undefined);
    for (const sequence of [0, 1]) {
      events.record(event(sequence));
      await publish(event(sequence));
    }
    log.starting();
    log.started();
    events.record(event(2));
    await publish(event(2));
    await publish(event(1));
    for (const sequence of [2, 1]) log.take(event(sequence), 'sse');
    expect(log.faults()).toEqual([]);
    log.take(event(0), 'sse');
    expect(log.faults()).toMatchObject([{ kind: 'from before the start', first: 'CA1-call-0' }]);
  });

  test('of a subscriber that never got in is a fault', () => {
    const log = createSubscriberLog({ name: 'outside', accountId: 'acme', filter: {} }, createPublishedEvents());
    expect(log.isComplete()).toBe(false);
    expect(log.faults()).toMatchObject([{ kind: 'missing' }]);
  });
});
