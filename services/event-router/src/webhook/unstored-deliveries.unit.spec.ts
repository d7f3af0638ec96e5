import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { deliveryId, type Delivery } from '../domain/delivery.ts';
import type { DeliveryWrite } from '../store/delivery-repository.ts';
import { createDeliveryWriter } from './delivery-writer.ts';
import { newMemoryBudget, UnstoredDeliveries } from './unstored-deliveries.ts';

const delivery = (sequence: number, callId = 'CA1'): Delivery => ({
  id: deliveryId('s', `${callId}-call-${sequence}`),
  subscriptionId: 's',
  accountId: 'acme',
  callId,
  eventId: `${callId}-call-${sequence}`,
  partition: 7,
  stream: 'CALL_EVENTS',
  streamSequence: sequence,
  timeMs: sequence,
  attempts: 0,
  notBefore: new Date(0),
  body: '{}',
  traceparent: '',
});

interface Database {
  readonly stored: Map<string, Delivery>;
  /** Writes end when it is opened. */
  readonly gate: { open(): void; readonly opened: Promise<void> };
  /** After each put, what was stored. */
  readonly onPut: (id: string) => void;
}

function newDatabase(onPut: (id: string) => void = () => undefined): Database {
  const { promise: opened, resolve: open } = Promise.withResolvers<void>();
  return { stored: new Map(), gate: { open, opened }, onPut };
}

function apply({ stored, onPut }: Database, write: DeliveryWrite): void {
  if (write.kind === 'remove') stored.delete(write.id);
  if (write.kind === 'reschedule' && stored.has(write.id)) stored.set(write.id, { ...stored.get(write.id)!, attempts: write.attempts, notBefore: write.notBefore });
  if (write.kind !== 'put') return;
  if (!stored.has(write.delivery.id)) stored.set(write.delivery.id, write.delivery);
  onPut(write.delivery.id);
}

function start(database: Database, { spillAfterMs = 600_000, isOwner = (): boolean => true, isMoving = (_subscriptionId: string): boolean => false, budget = newMemoryBudget(100, 100_000) } = {}) {
  const ending = new AbortController();
  const writer = createDeliveryWriter({
    write: async (writes) => {
      await database.gate.opened;
      for (const write of writes) apply(database, write);
      return 0;
    },
  });
  return { unstored: new UnstoredDeliveries({ writer, budget, spillAfterMs, spillMovingAfterMs: 600_000, isMoving, isOwner, signal: ending.signal }), ending, budget };
}

const isSettled = async (promise: Promise<void>) => Promise.race([promise.then(() => true), new Promise<false>((resolve) => setImmediate(resolve, false))]);
const later = new Date(9_000);

describe('a delivery in memory', () => {
  test('that is over soon is settled, and never stored', async () => {
    const database = newDatabase();
    const { unstored, budget } = start(database);
    const settled = unstored.hold(delivery(1));
    expect([unstored.get(delivery(1).id), await isSettled(settled)]).toEqual([delivery(1), false]);
    await unstored.over(delivery(1).id);
    expect([await isSettled(settled), budget.deliveries, budget.bytes, database.stored.size]).toEqual([true, 0, 0, 0]);
  });

  test('is not taken for slow because the process stood still', async () => {
    const database = newDatabase();
    database.gate.open();
    const { unstored, ending } = start(database, { spillAfterMs: 500 });
    const settled = unstored.hold(delivery(1));
    const untilMs = performance.now() + 800;
    while (performance.now() < untilMs);
    await new Promise((resolve) => setTimeout(resolve, 60));
    expect([database.stored.size, await isSettled(settled)]).toEqual([0, false]);
    ending.abort();
  });

  test('that is not over soon is stored, and settled by that', async () => {
    const database = newDatabase();
    database.gate.open();
    const { unstored, ending } = start(database, { spillAfterMs: 1 });
    await unstored.hold(delivery(1));
    expect([...database.stored.values()]).toEqual([delivery(1)]);
    expect(unstored.get(delivery(1).id)).toBeUndefined();
    ending.abort();
  });

  test('that only waits for its turn at an endpoint that answers is not stored for that; no more are taken meanwhile', async () => {
    const database = newDatabase();
    database.gate.open();
    const isMoving = (subscriptionId: string) => subscriptionId === 's';
    const { unstored, ending } = start(database, { spillAfterMs: 1, isMoving, budget: newMemoryBudget(9, 9_999, 0) });
    const settled = unstored.hold(delivery(1));
    const stuck = { ...delivery(1), id: 't/e', subscriptionId: 't' };
    await unstored.hold(stuck);
    const room = unstored.room();
    expect([await isSettled(settled), await isSettled(room), [...database.stored.keys()]]).toEqual([false, false, ['t/e']]);
    await unstored.over(delivery(1).id);
    await room;
    ending.abort();
  });

  test('nobody waits for room once the partition goes', async () => {
    const { unstored, ending } = start(newDatabase(), { budget: newMemoryBudget(9, 9_999, 0) });
    void unstored.hold(delivery(1));
    const room = unstored.room();
    expect(await isSettled(room)).toBe(false);
    ending.abort();
    await room;
  });

  test('that is over while it is being stored is removed after it', async () => {
    const database = newDatabase();
    const { unstored, ending } = start(database, { budget: newMemoryBudget(0, 0) });
    const settled = unstored.hold(delivery(1));
    void unstored.room();
    const over = unstored.over(delivery(1).id);
    expect(await isSettled(settled)).toBe(true);
    database.gate.open();
    await over;
    expect(database.stored.size).toBe(0);
    ending.abort();
  });

  test('that is to be tried again is stored with its attempts, also if it is being stored already', async () => {
    const database = newDatabase();
    const { unstored, ending } = start(database, { budget: newMemoryBudget(0, 0) });
    const first = unstored.hold(delivery(1));
    void unstored.room();
    const rescheduled = unstored.reschedule(delivery(1), 1, later);
    const second = unstored.hold(delivery(2));
    const also = unstored.reschedule(delivery(2), 1, later);
    database.gate.open();
    await Promise.all([first, second, rescheduled, also]);
    expect([...database.stored.values()]).toEqual([1, 2].map((sequence) => ({ ...delivery(sequence), attempts: 1, notBefore: later })));
    ending.abort();
  });

  test('is not stored by one whose lease is not known to hold', async () => {
    const database = newDatabase();
    database.gate.open();
    const { unstored, ending } = start(database, { isOwner: () => false, budget: newMemoryBudget(0, 0) });
    const settled = unstored.hold(delivery(1));
    void unstored.room();
    await unstored.hand(new AbortController().signal);
    expect([await isSettled(settled), database.stored.size]).toEqual([false, 0]);
    ending.abort();
  });

  test('is handed over when the partition goes, though its end cut off what was being stored', async () => {
    const database = newDatabase();
    const { unstored, ending } = start(database, { budget: newMemoryBudget(1, 1_000) });
    const settled = [unstored.hold(delivery(1)), unstored.hold(delivery(2))];
    void unstored.room();
    const third = unstored.hold(delivery(3));
    ending.abort(new Error('lost'));
    database.gate.open();
    await unstored.hand(new AbortController().signal);
    await Promise.all([...settled, third]);
    expect([...database.stored.keys()]).toEqual([1, 2, 3].map((sequence) => delivery(sequence).id));
  });

  test('beyond the budget there is no room until others are stored', async () => {
    const database = newDatabase();
    const { unstored, budget, ending } = start(database, { budget: newMemoryBudget(2, 1_000) });
    for (const sequence of [1, 2]) void unstored.hold(delivery(sequence));
    expect(await isSettled(unstored.room())).toBe(true);
    void unstored.hold(delivery(3));
    const room = unstored.room();
    expect(await isSettled(room)).toBe(false);
    database.gate.open();
    await room;
    expect([budget.deliveries, database.stored.size]).toEqual([0, 3]);
    ending.abort();
  });
});

test('whatever is over, tried again, or stored, and when: of a lane nothing is stored while what comes before it is in memory only', async () => {
  const steps = fc.array(fc.record({ call: fc.constantFrom('CA1', 'CA2'), step: fc.constantFrom('hold', 'head over', 'head again', 'spill') }), { maxLength: 40 });
  await fc.assert(
    fc.asyncProperty(steps, async (given) => {
      const lanes: Record<string, Delivery[]> = { CA1: [], CA2: [] };
      const stored = new Set<string>();
      const database = newDatabase((id) => {
        stored.add(id);
        const lane = Object.values(lanes).find((ofLane) => ofLane.some((one) => one.id === id)) ?? [];
        for (const before of lane.slice(0, Math.max(0, lane.findIndex((one) => one.id === id)))) expect(stored).toContain(before.id);
      });
      database.gate.open();
      const { unstored, budget, ending } = start(database, { budget: newMemoryBudget(0, 0) });
      const works: Promise<void>[] = [];
      let sequence = 0;
      for (const { call, step } of given) {
        const lane = lanes[call]!;
        if (step === 'hold') {
          const added = delivery((sequence += 1), call);
          lane.push(added);
          works.push(unstored.hold(added));
        } else if (step === 'spill') works.push(unstored.room());
        else if (lane[0] !== undefined && step === 'head again') works.push(unstored.reschedule(lane[0], 1, later));
        else if (lane[0] !== undefined) works.push(unstored.over(lane.shift()!.id));
      }
      works.push(unstored.room());
      await Promise.all(works);
      expect([budget.deliveries, budget.bytes]).toEqual([0, 0]);
      expect([...database.stored.keys()].toSorted()).toEqual(Object.values(lanes).flat().map((one) => one.id).toSorted());
      ending.abort();
    }),
    { numRuns: 100 },
  );
});
