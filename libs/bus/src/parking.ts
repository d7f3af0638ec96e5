import type { Binary, Db } from 'mongodb';
import { bytesOf, type StoredMessage } from './envelope.ts';

// An event that cannot be applied must not hold up other calls, nor be lost, nor be overtaken by later events of its own
// call. So its call is parked: the event and all that follow are kept here, in order, until an operator has them redriven.

/** An event as it stood in its stream. */
export interface ParkedMessage extends StoredMessage {
  readonly stream: string;
  readonly streamSequence: number;
}

export interface ParkedCall {
  readonly callId: string;
  readonly partition: number;
  readonly code: string;
  readonly reason: string;
  readonly parkedAt: Date;
  readonly redrive: 'none' | 'requested' | 'failed';
}

export interface ParkingStore {
  /** Keeps an event; the same event again is the same entry. Parks the call if it is not parked. */
  park(call: Omit<ParkedCall, 'redrive' | 'parkedAt'>, message: ParkedMessage): Promise<void>;
  /** In stream order, per stream. */
  messages(callId: string): Promise<ParkedMessage[]>;
  find(callId: string): Promise<ParkedCall | undefined>;
  list(options: { readonly limit: number; readonly after: string }): Promise<(ParkedCall & { readonly events: number })[]>;
  ofPartition(partition: number): Promise<ParkedCall[]>;
  requestRedrive(callId: string): Promise<boolean>;
  redriveFailed(callId: string, code: string, reason: string): Promise<void>;
  /** The call is not parked any more. */
  forget(callId: string): Promise<void>;
  /** These were applied. */
  remove(callId: string, applied: readonly ParkedMessage[]): Promise<void>;
}

interface CallDocument extends ParkedCall {
  readonly _id: string;
  readonly service: string;
}

interface MessageDocument {
  readonly _id: string;
  readonly key: string;
  readonly stream: string;
  readonly streamSequence: number;
  readonly subject: string;
  readonly headers: Record<string, string>;
  readonly payload: Uint8Array | Binary;
}

/** Parked calls are few: these queries need no index. */
export function mongoParking(db: Db, service: string): ParkingStore {
  const calls = db.collection<CallDocument>('parked_calls');
  const messages = db.collection<MessageDocument>('parked_messages');
  const keyOf = (callId: string) => `${service}/${callId}`;
  return {
    park: async (call, message) => {
      const key = keyOf(call.callId);
      const _id = messageId(key, message);
      const { stream, streamSequence, subject, headers, payload } = message;
      const kept = { key, stream, streamSequence, subject, headers: { ...headers }, payload };
      await messages.updateOne({ _id }, { $setOnInsert: kept }, { upsert: true });
      const parked = { ...call, service, parkedAt: new Date(), redrive: 'none' as const };
      await calls.updateOne({ _id: key }, { $setOnInsert: parked }, { upsert: true });
    },
    messages: async (callId) => {
      const found = await messages.find({ key: keyOf(callId) }).sort({ stream: 1, streamSequence: 1 }).toArray();
      return found.map(toMessage);
    },
    find: async (callId) => (await calls.findOne({ _id: keyOf(callId) })) ?? undefined,
    list: async ({ limit, after }) => {
      const page = await calls.find({ service, callId: { $gt: after } }).sort({ callId: 1 }).limit(limit).toArray();
      return Promise.all(page.map(async (call) => ({ ...call, events: await messages.countDocuments({ key: call._id }) })));
    },
    ofPartition: (partition) => calls.find({ service, partition }).toArray(),
    requestRedrive: async (callId) => {
      const { matchedCount } = await calls.updateOne({ _id: keyOf(callId) }, { $set: { redrive: 'requested' } });
      return matchedCount === 1;
    },
    redriveFailed: async (callId, code, reason) => {
      await calls.updateOne({ _id: keyOf(callId) }, { $set: { redrive: 'failed', code, reason } });
    },
    forget: async (callId) => {
      await calls.deleteOne({ _id: keyOf(callId) });
    },
    remove: async (callId, applied) => {
      for (const message of applied) await messages.deleteOne({ _id: messageId(keyOf(callId), message) });
    },
  };
}

function messageId(key: string, { stream, streamSequence }: ParkedMessage): string {
  return `${key}/${stream}/${streamSequence}`;
}

function toMessage({ stream, streamSequence, subject, headers, payload }: MessageDocument): ParkedMessage {
  return { stream, streamSequence, subject, headers, payload: bytesOf(payload) };
}
