import { partitionOf, type StoredMessage } from '@parley/bus';
import { createOutboxRepository, ensureIndexes } from '@parley/store';
import type { Db } from 'mongodb';
import type { Observation, ReactionEvent, Recorded } from '../domain/observation.ts';
import type { ObservationStore } from '../usecases/observation-store.ts';
import { observationId, toObservation, toObservationDocument, type ObservationDocument } from './mapping.ts';

const COLLECTION = 'observations';

export interface ObservationRepositoryPorts {
  readonly publish: (message: StoredMessage) => Promise<void>;
  /** An event as it goes on the bus. */
  readonly encode: (event: ReactionEvent, observation: Observation, causationId: string | undefined) => StoredMessage;
  /** What was taken in, likewise. */
  readonly encodeRecorded: (recorded: Recorded, observation: Observation) => StoredMessage;
}

/** One document for each side of each call: what was concluded of it, and the events that are still to be published. */
export async function createObservationRepository(db: Db, { publish, encode, encodeRecorded }: ObservationRepositoryPorts): Promise<ObservationStore> {
  const collection = db.collection<ObservationDocument>(COLLECTION);
  await ensureIndexes(db, [
    { collection: COLLECTION, keys: { pending: 1, partition: 1 } },
    { collection: COLLECTION, keys: { awaitsEnd: 1, partition: 1 } },
  ]);
  const documents = createOutboxRepository<ObservationDocument, StoredMessage>(collection, { publish });
  return {
    change: async (key, decide, causationId) => {
      const document = await documents.mutate(observationId(key), (found) => {
        const change = decide(found && toObservation(found));
        if (!change) return undefined;
        const { observation, events, recorded } = change;
        const messages = events.map((event) => encode(event, observation, causationId));
        // Before the events: who reads one finds what it follows from.
        if (recorded) messages.unshift(encodeRecorded(recorded, observation));
        return toObservationDocument(observation, partitionOf(observation.callId), messages);
      });
      return document && toObservation(document);
    },
    awaitingEnd: (partition) =>
      collection
        .find({ awaitsEnd: true, partition })
        .map(({ observation: { callId, party } }) => ({ callId, party }))
        .toArray(),
    publishPending: async (partition) => void (await documents.publishPending({ partition })),
  };
}
