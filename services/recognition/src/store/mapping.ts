import type { StoredMessage } from '@parley/bus';
import type { Draft, OutboxDocument } from '@parley/store';
import type { CallRecord } from '../domain/call-record.ts';
import { awaitsEnd, type Observation } from '../domain/observation.ts';
import { initialSession } from '../domain/session.ts';
import type { ObservationKey } from '../usecases/observation-store.ts';

/** Collection `observations`. `_id` is `<callId>/<party>`: the key that every write knows. */
export interface ObservationDocument extends OutboxDocument<StoredMessage> {
  readonly observation: Observation;
  readonly partition: number;
  /** For the owner of the partition, who looks for these. */
  readonly awaitsEnd: boolean;
}

/** Collection `calls`. `_id` is the call id. */
export interface CallDocument extends OutboxDocument<never>, CallRecord {}

export function observationId({ callId, party }: ObservationKey): string {
  return `${callId}/${party}`;
}

export function toObservationDocument(observation: Observation, partition: number, outbox: readonly StoredMessage[]): Draft<ObservationDocument> {
  return { _id: observationId(observation), observation, partition, awaitsEnd: awaitsEnd(observation), outbox };
}

/** The driver leaves out what is undefined; it reads as undefined again. One of an earlier version lacks what came after it. */
export function toObservation({ observation }: ObservationDocument): Observation {
  return { ...observation, recordSequence: (observation as Partial<Observation>).recordSequence ?? 0, session: { ...initialSession, ...observation.session } };
}

export function toCallDocument(record: CallRecord): Draft<CallDocument> {
  return { ...record, _id: record.callId, outbox: [] };
}

export function toCallRecord({ callId, sequence, mediaOriginMs, legs }: CallDocument): CallRecord {
  return { callId, sequence, mediaOriginMs, legs };
}
