import { describe, expect, test } from '@jest/globals';
import { OwnedPartition } from './owned-partition.ts';
import { PartitionDeliveries } from './partition-deliveries.ts';

const deliveries = () => new PartitionDeliveries({ isOpen: () => false, attempt: () => Promise.resolve({ kind: 'over' }) });
const gained = (doneThrough: Record<string, number>, backFilled: readonly string[] = []) =>
  new OwnedPartition(7, deliveries(), new Set(backFilled), new Map(Object.entries(doneThrough)));
const subscription = (startsAfter: Record<string, number>) => ({ subscriptionId: 's', startsAfter });

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
    expect(gained({ CALL: 10 }, ['s']).learn(subscription({ CALL: 2 }))).toBeUndefined();
  });

  test('given that an earlier owner knew it, and this one learns of it late: what this one let go by', () => {
    const owned = gained({ CALL: 10 }, ['s']);
    owned.begin('CALL', 13);
    expect(owned.learn(subscription({ CALL: 2 }))).toEqual(new Map([['CALL', { after: 10, through: 13 }]]));
  });
});
