import type { StoredMessage } from '@parley/bus';
import { createOutboxRepository, ensureIndexes, type OutboxDocument } from '@parley/store';
import type { Db } from 'mongodb';
import type { ExistingCall } from '../domain/call/call-state.ts';

/** One call. `_id` is the call's id. The state is plain data and stored as it is. */
export interface CallDocument extends OutboxDocument<StoredMessage> {
  readonly accountId: string;
  /** The router instance that holds the call, and the only one that writes here while it lives. */
  readonly owner: string;
  /** Whether something is still to be done: the call lives, or its last events or callbacks are not all out. */
  readonly open: boolean;
  /** Trace that the call belongs to; empty when nobody traces. */
  readonly traceparent: string;
  readonly state: ExistingCall;
}

/** As the owner writes it. */
export type CallDraft = Omit<CallDocument, 'rev' | 'writer' | 'pending'>;

export interface CallRepository {
  /** Reads, for answering questions. Of another account: undefined, as if there were none. */
  find(accountId: string, callId: string): Promise<CallDocument | undefined>;
  /** Reads to go on with: publishes first what was left in the outbox. */
  load(callId: string): Promise<CallDocument | undefined>;
  /** Writes a new call and publishes its first events; a call of the same id is left as it is. */
  insert(draft: CallDraft): Promise<{ readonly outcome: 'inserted' | 'existing'; readonly doc: CallDocument }>;
  /** Writes the next revision and publishes its events. `conflict`: another router has the call now. */
  replace(draft: CallDraft, rev: number): Promise<'written' | 'conflict'>;
  /** Ids of what a router left to be done. */
  openCallsOf(owner: string): Promise<string[]>;
  /** Every router that something was left by, or that works on something. */
  ownersOfOpenCalls(): Promise<string[]>;
}

/** Calls in the collection `calls`; makes its indexes. */
export async function createCallRepository(db: Db, publish: (message: StoredMessage) => Promise<void>): Promise<CallRepository> {
  const calls = db.collection<CallDocument>('calls');
  await ensureIndexes(db, [
    { collection: 'calls', keys: { open: 1, owner: 1 } },
    { collection: 'calls', keys: { pending: 1 } },
  ]);
  const documents = createOutboxRepository<CallDocument, StoredMessage>(calls, { publish });
  return {
    find: async (accountId, callId) => {
      const doc = await documents.find(callId);
      return doc?.accountId === accountId ? doc : undefined;
    },
    load: (callId) => documents.load(callId),
    insert: (draft) => documents.insert(draft),
    replace: (draft, rev) => documents.replace(draft, rev),
    openCallsOf: async (owner) => {
      const found = await calls.find({ open: true, owner }, { projection: { _id: 1 } }).toArray();
      return found.map(({ _id }) => _id);
    },
    ownersOfOpenCalls: async () => {
      const found = await calls.find({ open: true }, { projection: { owner: 1 } }).toArray();
      return [...new Set(found.map(({ owner }) => owner))];
    },
  };
}
