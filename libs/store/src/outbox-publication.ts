import type { OutboxCleaner } from './outbox-cleaner.ts';
import type { OutboxDocument } from './outbox-document.ts';

/** Documents of whose last outbox this process knows that it is published; beyond it the oldest are forgotten. */
const remembered = 20_000;

export interface OutboxPublication<Message> {
  /** Publishes a document's outbox, in order. */
  publish(doc: OutboxDocument<Message>): Promise<void>;
  /** The same, unless this process knows that it is published. */
  publishLeft(doc: OutboxDocument<Message>): Promise<void>;
}

export function createOutboxPublication<Message>(
  publishOne: (message: Message) => Promise<void>,
  cleaner: OutboxCleaner<Message>,
): OutboxPublication<Message> {
  const writers = new Map<string, string>();
  const publish = async (doc: OutboxDocument<Message>): Promise<void> => {
    for (const message of doc.outbox) {
      await publishOne(message);
    }
    cleaner.published(doc);
    writers.delete(doc._id);
    writers.set(doc._id, doc.writer);
    if (writers.size > remembered) {
      writers.delete(writers.keys().next().value as string);
    }
  };
  return {
    publish,
    async publishLeft(doc) {
      if (doc.pending && writers.get(doc._id) !== doc.writer) {
        await publish(doc);
      }
    },
  };
}
