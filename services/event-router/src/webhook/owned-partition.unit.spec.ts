import { describe, expect, test } from '@jest/globals';
import type { GapRepository } from '../store/gap-repository.ts';
import { createDeliveryWriter } from './delivery-writer.ts';
import { LaneGaps } from './lane-gaps.ts';
import { OwnedPartition } from './owned-partition.ts';
import { PartitionDeliveries } from './partition-deliveries.ts';
import { newMemoryBudget, UnstoredDeliveries } from './unstored-deliveries.ts';

const gained = (doneThrough: Record<string, number>, backFilled: Record<string, number> = {}, dealtWith: readonly string[] = []) => {
  const deliveries = new PartitionDeliveries({ isOpen: () => false, attempt: () => Promise.resolve({ kind: 'over' }) });
  const writer = createDeliveryWriter({ write: () => Promise.resolve(0) });
  return new OwnedPartition({
    partition: 7,
    deliveries,
    unstored: new UnstoredDeliveries({ writer, budget: newMemoryBudget(1, 1), spillAfterMs: 1, spillMovingAfterMs: 1, isMoving: () => false, isOwner: () => true, signal: AbortSignal.abort() }),
    gaps: new LaneGaps({} as GapRepository, new Map()),
    backFilled: new Map(Object.entries(backFilled)),
    doneThrough: new Map(Object.entries(doneThrough)),
    dealtWith: new Set(dealtWith),
  });
};
const subscription = (startsAfter: Record<string, number>, rewind = 0) => ({ subscriptionId: 's', startsAfter, rewind });

describe('what a subscription has missed in a partition', () => {
  test('given events that had gone by when it was learned: those after it was made', () => {
    const owned = gained({ CALL: 10, BILLING: 3 });
    owned.begin('CALL', 15);
    owned.begin('CALL', 12);
    expect(owned.learn(subscription({ CALL: 8, BILLING: 5 }))).toEqual(
      new Map([
        ['CALL', { after: 8, through: 15 }],
        ['BILLING', { after: 5, through: 3 }],
      ]),
    );
  });

  test('is asked once', () => {
    const owned = gained({ CALL: 10 });
    expect(owned.learn(subscription({ CALL: 8 }))).toBeDefined();
    expect(owned.learn(subscription({ CALL: 8 }))).toBeUndefined();
  });

  test('given that nothing was missed: nothing to read, but to be noted', () => {
    expect(gained({ CALL: 10 }).learn(subscription({ CALL: 20 }))).toEqual(new Map([['CALL', { after: 20, through: 10 }]]));
  });

  test('given that an earlier owner knew it: nothing, if it is known from the beginning', () => {
    expect(gained({ CALL: 10 }, { s: 0 }).learn(subscription({ CALL: 2 }))).toBeUndefined();
  });

  test('given that an earlier owner knew it, and this one learns of it late: what this one let go by', () => {
    const owned = gained({ CALL: 10 }, { s: 0 });
    owned.begin('CALL', 13);
    expect(owned.learn(subscription({ CALL: 2 }))).toEqual(new Map([['CALL', { after: 10, through: 13 }]]));
  });

  test('given that it is rewound: all behind its new start, once for each rewind', () => {
    const owned = gained({ CALL: 10 }, { s: 1 });
    expect(owned.learn(subscription({ CALL: 2 }, 1))).toBeUndefined();
    owned.begin('CALL', 13);
    expect(owned.learn(subscription({ CALL: 5 }, 2))).toEqual(new Map([['CALL', { after: 5, through: 13 }]]));
    expect(owned.learn(subscription({ CALL: 5 }, 2))).toBeUndefined();
  });

  test('given that it was rewound while nobody owned the partition: the same', () => {
    expect(gained({ CALL: 10 }, { s: 1 }).learn(subscription({ CALL: 4 }, 2))).toEqual(new Map([['CALL', { after: 4, through: 10 }]]));
  });
});

describe('an owned partition', () => {
  test('leaves out once what an earlier owner had dealt with', () => {
    const owned = gained({ CALL: 10 }, {}, ['s/e11']);
    expect([owned.isDealtWith('s/e12'), owned.isDealtWith('s/e11'), owned.isDealtWith('s/e11')]).toEqual([false, true, false]);
  });

  test('knows a subscription until it is forgotten', () => {
    const owned = gained({ CALL: 10 }, { s: 0 });
    owned.learn({ ...subscription({}), subscriptionId: 't' });
    expect(['s', 't', 'u'].map((id) => owned.knows(id))).toEqual([true, true, false]);
    for (const id of ['s', 't']) owned.forget(id);
    expect(['s', 't'].map((id) => owned.knows(id))).toEqual([false, false]);
  });

  test('works for a subscription one after the other', async () => {
    const owned = gained({});
    const first = Promise.withResolvers<void>();
    const log: string[] = [];
    const works = [owned.inTurn('s', () => first.promise.then(() => void log.push('first'))), owned.inTurn('s', async () => void log.push('second'))];
    await new Promise(setImmediate);
    expect(log).toEqual([]);
    first.resolve();
    await Promise.all(works);
    expect(log).toEqual(['first', 'second']);
  });
});
