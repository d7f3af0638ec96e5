import type { CallRecord } from '../domain/call-record.ts';
import type { Change, Observation, Party } from '../domain/observation.ts';

export interface ObservationKey {
  readonly callId: string;
  readonly party: Party;
}

export interface ObservationStore {
  /**
   * Reads, decides, writes state and events in one conditional write, and publishes the events; again after each conflict
   * with another writer. What `decide` throws is thrown on; undefined leaves things as they are.
   * @returns the observation as it is after it
   * @throws ParleyError store.unavailable, store.conflict
   */
  change(key: ObservationKey, decide: (found: Observation | undefined) => Change | undefined, causationId?: string): Promise<Observation | undefined>;
  /** Sides of a partition's calls that are over, but whose observations are still waited for. */
  awaitingEnd(partition: number): Promise<readonly ObservationKey[]>;
  /** Publishes what crashed writers left of a partition's calls. */
  publishPending(partition: number): Promise<void>;
}

export interface CallStore {
  find(callId: string): Promise<CallRecord | undefined>;
  /** Writes a record on top of the one before it in the call's sequence, unless it is written already. */
  save(record: CallRecord): Promise<void>;
}
