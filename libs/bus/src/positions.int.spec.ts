import { expect, test } from '@jest/globals';
import { testDatabase } from '@parley/testing';
import { mongoPositions } from './positions.ts';

const database = testDatabase();

test('a late owner does not put back the position that its successor has stored', async () => {
  const positions = mongoPositions(database.db, 'billing');
  const at = (sequence: number) => ({ CALL_EVENTS: { incarnation: 'one', sequence } });
  await positions.save({ partition: 7, epoch: 2 }, at(20));
  await positions.save({ partition: 7, epoch: 1 }, at(10));
  expect(await positions.load(7)).toEqual(at(20));
  for (const epoch of [2, 3]) await positions.save({ partition: 7, epoch }, at(20 + epoch));
  expect(await positions.load(7)).toEqual(at(23));
});
