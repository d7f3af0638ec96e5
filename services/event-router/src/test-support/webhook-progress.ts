import { expect } from '@jest/globals';
import { allPartitions, eventStreams, mongoPositions } from '@parley/bus';
import { eventually } from '@parley/testing';
import type { Db } from 'mongodb';

/** Through which sequence of CALL_EVENTS a partition is done, by the position that is stored. */
export async function callsDoneThrough(db: Db, partition: number): Promise<number> {
  return (await mongoPositions(db, 'event-router').load(partition))[eventStreams.call]?.sequence ?? 0;
}

/** What comes before a subscription is learned in a partition is stored by back-fill, and waits for the database. */
export async function untilLearned(db: Db, { subscriptionId }: { readonly subscriptionId: string }): Promise<void> {
  await eventually(async () => expect(await db.collection('webhook_back_fills').countDocuments({ subscriptionId })).toBe(allPartitions.length));
}
