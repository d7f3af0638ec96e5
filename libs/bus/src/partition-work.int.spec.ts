import { afterEach, expect, test } from '@jest/globals';
import { eventually, testBus, testDatabase } from '@parley/testing';
import { mongoParking } from './parking.ts';
import { readStream } from './partition-reader.ts';
import { PartitionWork } from './partition-work.ts';
import { mongoPositions } from './positions.ts';
import { eventStreams } from './streams.ts';
import { partitionFilter } from './subjects.ts';

const nats = testBus();
const database = testDatabase();
const stops: (() => Promise<void>)[] = [];
afterEach(async () => {
  for (const stop of stops.splice(0)) await stop();
});

test('who is not known to hold the lease parks nothing, and does once that is known', async () => {
  const [errors, parked]: [unknown[], string[]] = [[], []];
  let isOwner = false;
  const parking = mongoParking(database.db, 'billing');
  const work = await PartitionWork.open(
    {
      lease: { partition: 0, epoch: 1 },
      isOwner: () => isOwner,
      parking,
      positions: mongoPositions(database.db, 'billing'),
      handle: async () => ['applied'],
      attempts: 1,
      gapTimeoutMs: 1_000,
      firstRetryMs: 1,
      maxOpenEvents: 10,
      onError: (error) => errors.push(error),
      onParked: (callId) => parked.push(callId),
    },
    new Map([[eventStreams.call, 'one']]),
  );
  await nats.bus.js.publish('evt.call.00.acme', 'no event');
  const options = { stream: eventStreams.call, filter: partitionFilter('call', 0), from: 1, onError: (error: unknown) => errors.push(error), signal: work.signal };
  const reading = readStream(nats.bus, { ...options, onMessage: (message) => work.accept(message) });
  stops.push(async () => {
    await work.stop();
    await reading;
  });
  await eventually(() => expect(errors).toContainEqual(expect.objectContaining({ code: 'bus.lease_lost' })));
  expect([parked, await parking.ofPartition(0)]).toEqual([[], []]);
  isOwner = true;
  await eventually(() => expect(parked).toEqual(['unknown-CALL_EVENTS-1']));
  expect(await parking.ofPartition(0)).toMatchObject([{ callId: 'unknown-CALL_EVENTS-1' }]);
});
