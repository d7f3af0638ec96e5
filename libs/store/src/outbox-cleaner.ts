import { logger } from '@parley/telemetry';
import type { Collection } from 'mongodb';
import type { OutboxDocument } from './outbox-document.ts';

const log = logger('store');

/** A document is cleared when it was left alone for one to two of these. */
const tickMs = 500;

/**
 * Clears outboxes that are published, where no next write did. Otherwise the last events of every document that will never
 * change again would be published anew at each start of a service. Not urgent: it runs behind the work, many documents to
 * a command, and what a crash leaves uncleared is published once more, which is harmless.
 */
export interface OutboxCleaner<Message> {
  /** The document's outbox is published. */
  published(doc: OutboxDocument<Message>): void;
}

export function createOutboxCleaner<Message>(raw: Collection<OutboxDocument<Message>>): OutboxCleaner<Message> {
  let young = new Map<string, number>();
  let old = new Map<string, number>();
  let timer: NodeJS.Timeout | undefined;

  const tick = (): void => {
    const due = old;
    old = young;
    young = new Map();
    timer = old.size === 0 ? undefined : setTimeout(tick, tickMs).unref();
    void clear(raw, due);
  };
  return {
    published({ _id, rev, pending }) {
      old.delete(_id);
      young.delete(_id);
      if (pending) {
        young.set(_id, rev);
        timer ??= setTimeout(tick, tickMs).unref();
      }
    },
  };
}

async function clear<Message>(raw: Collection<OutboxDocument<Message>>, due: ReadonlyMap<string, number>): Promise<void> {
  if (due.size === 0) {
    return;
  }
  try {
    await raw.bulkWrite([...due].map(([_id, rev]) => ({ updateOne: clearedOf(_id, rev) })), { ordered: false, writeConcern: { w: 1 } });
  } catch (error) {
    log.debug({ err: error }, 'outboxes were not cleared');
  }
}

/** Without a new rev: this is no change of state, and must not make a writer's change fail. If there was one, it does nothing. */
export function clearedOf(_id: string, rev: number): { readonly filter: { _id: string; rev: number }; readonly update: { $set: { pending: boolean; outbox: [] } } } {
  return { filter: { _id, rev }, update: { $set: { pending: false, outbox: [] } } };
}
