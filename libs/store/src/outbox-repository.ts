import { randomUUID } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import { parleyError } from '@parley/errors';
import { attributeNames, count, withSpan } from '@parley/telemetry';
import type { Collection, Document, Filter } from 'mongodb';
import { insertOnce, replaceOnce } from './conditional-write.ts';
import { clearedOf, createOutboxCleaner } from './outbox-cleaner.ts';
import type { Draft, OutboxDocument } from './outbox-document.ts';
import { createOutboxPublication } from './outbox-publication.ts';
import { storeErrors } from './store-error.ts';

export interface OutboxRepositoryOptions<Message> {
  /**
   * Publishes one message and resolves when it is stored for good. Must be idempotent: a message may come again after a
   * crash. @parley/bus' `createPublisher(bus).publish` is one.
   */
  readonly publish: (message: Message) => Promise<void>;
}

/** The next state of a document, or undefined to leave it. */
export type Decide<D> = (doc: D | undefined) => Draft<D> | undefined | Promise<Draft<D> | undefined>;

/**
 * Documents of one collection whose changes have consequences (the outbox): state and outbox are one conditional
 * write, the outbox is published in order after it, and the next write, or a moment without one, clears it. Whoever loads a document to change it
 * publishes first what a crash left there. So no acknowledged change loses its events, and no event is published for a
 * change that did not happen.
 */
export interface OutboxRepository<D extends OutboxDocument<Message>, Message> {
  /** Reads, and no more: for answering questions. */
  find(id: string): Promise<D | undefined>;
  /** Reads to change: publishes first what was left in the outbox. */
  load(id: string): Promise<D | undefined>;
  /** Writes a new document (rev 0) and publishes its outbox. If the id is taken, nothing is written: see `existing`. */
  insert(draft: Draft<D>): Promise<{ readonly outcome: 'inserted' | 'existing'; readonly doc: D }>;
  /**
   * Writes the next revision on top of `rev` and publishes its outbox. `conflict`: somebody else was faster; load again.
   * A write whose answer was lost is tried again and known by its writer id, so `written` is never reported as `conflict`
   * unless the next change is on top of it already.
   */
  replace(draft: Draft<D>, rev: number): Promise<'written' | 'conflict'>;
  /**
   * load → decide → insert or replace, again after each conflict. `decide` gets undefined if there is no such document; it
   * returns the next state, or undefined to leave things as they are; what it throws is thrown on. It may run several times.
   * @returns the document as it is after it.
   * @throws ParleyError store.conflict after 50 attempts
   */
  mutate(id: string, decide: Decide<D>): Promise<D | undefined>;
  /**
   * Publishes what crashed writers left behind, and marks it as published. For the start of a service, the takeover of a
   * partition (`{ partition }`), and now and then. @returns how many documents had something.
   */
  publishPending(filter?: Filter<D>): Promise<number>;
}

interface Steps<D extends OutboxDocument<Message>, Message> extends Pick<OutboxRepository<D, Message>, 'find' | 'load' | 'insert'> {
  /** @returns the document as written, or undefined on a conflict. */
  advance(draft: Draft<D>, rev: number): Promise<D | undefined>;
}

/** Under contention each attempt may lose to another writer: so many losses in a row are no contention any more. */
const mutateAttempts = 50;

/** @param collection of a Store; give it an index on `pending`: publishPending reads by it. */
export function createOutboxRepository<D extends OutboxDocument<Message>, Message = D['outbox'][number]>(
  collection: Collection<D>,
  { publish }: OutboxRepositoryOptions<Message>,
): OutboxRepository<D, Message> {
  // The driver's types follow D's every field; in here only the fields of OutboxDocument matter.
  const raw = collection as unknown as Collection<OutboxDocument<Message>>;
  const publication = createOutboxPublication(publish, createOutboxCleaner(raw));
  const steps: Steps<D, Message> = {
    find: async (id) => ((await storeErrors(() => raw.findOne({ _id: id }))) ?? undefined) as D | undefined,
    async load(id) {
      const doc = await steps.find(id);
      if (doc !== undefined) {
        await publication.publishLeft(doc);
      }
      return doc;
    },
    insert: (draft) =>
      observed('insert', raw, async () => {
        const doc = complete<D, Message>(draft, 0);
        const existing = await insertOnce(raw, doc);
        if (existing !== undefined) {
          return { outcome: 'existing', doc: existing as D };
        }
        await publication.publish(doc);
        return { outcome: 'inserted', doc };
      }),
    advance: (draft, rev) =>
      observed('replace', raw, async () => {
        const doc = complete<D, Message>(draft, rev + 1);
        if ((await replaceOnce(raw, doc)) === 'conflict') {
          count('parley.store.conflicts', 1, { [attributeNames.collection]: raw.collectionName });
          return undefined;
        }
        await publication.publish(doc);
        return doc;
      }),
  };
  return {
    find: steps.find,
    load: steps.load,
    insert: steps.insert,
    replace: async (draft, rev) => ((await steps.advance(draft, rev)) === undefined ? 'conflict' : 'written'),
    mutate: (id, decide) => mutate(steps, id, decide),
    async publishPending(filter = {}) {
      let found = 0;
      for await (const doc of raw.find({ ...(filter as Document), pending: true })) {
        await publication.publish(doc);
        const { filter: same, update } = clearedOf(doc._id, doc.rev);
        await storeErrors(() => raw.updateOne(same, update));
        found += 1;
      }
      return found;
    },
  };
}

async function mutate<D extends OutboxDocument<Message>, Message>(
  steps: Steps<D, Message>,
  id: string,
  decide: Decide<D>,
): Promise<D | undefined> {
  for (let attempt = 0; attempt < mutateAttempts; attempt += 1) {
    const before = await steps.load(id);
    const draft = await decide(before);
    if (draft === undefined) {
      return before;
    }
    const after = before === undefined ? inserted(await steps.insert(draft)) : await steps.advance(draft, before.rev);
    if (after !== undefined) {
      return after;
    }
    await sleep(Math.random() * Math.min(2 ** attempt, 100));
  }
  throw parleyError('store.conflict', 'the document is changed by others all the time');
}

function inserted<D>({ outcome, doc }: { readonly outcome: 'inserted' | 'existing'; readonly doc: D }): D | undefined {
  return outcome === 'inserted' ? doc : undefined;
}

function complete<D extends OutboxDocument<Message>, Message>(draft: Draft<D>, rev: number): D {
  const state = draft as unknown as Pick<OutboxDocument<Message>, '_id' | 'outbox'>;
  return { ...state, rev, writer: randomUUID(), pending: state.outbox.length > 0 } as OutboxDocument<Message> as D;
}

function observed<T>(operation: string, { collectionName }: { readonly collectionName: string }, work: () => Promise<T>): Promise<T> {
  const attributes = { [attributeNames.collection]: collectionName, [attributeNames.operation]: operation };
  return withSpan(`store ${operation} ${collectionName}`, attributes, () => storeErrors(work), { kind: 'client' });
}
