import type { Publisher } from '@parley/bus';
import type { Collection, Db } from 'mongodb';

/** What a dead process says. Nothing may catch it and go on. */
export class Crash extends Error {
  override readonly name = 'Crash';
}

/**
 * For tests: stands for a process that dies at its n-th operation on the database or the broker, just before it or just
 * after it was done but before anybody heard of it. From then on nothing of this process gets through any more.
 */
export class CrashGate {
  readonly #at: number;
  readonly #when: 'before' | 'after';
  #operations = 0;

  constructor(at = Number.POSITIVE_INFINITY, when: 'before' | 'after' = 'before') {
    this.#at = at;
    this.#when = when;
  }

  /** Operations so far. */
  get operations(): number {
    return this.#operations;
  }

  async pass<T>(operation: () => Promise<T>): Promise<T> {
    this.#operations += 1;
    const here = this.#operations;
    if (here > this.#at || (here === this.#at && this.#when === 'before')) throw new Crash(`before operation ${here}`);
    const result = await operation();
    if (here === this.#at) throw new Crash(`after operation ${here}`);
    return result;
  }

  publisher(publisher: Publisher): Publisher {
    return { ...publisher, publish: (message) => this.pass(() => publisher.publish(message)) };
  }

  db(db: Db): Db {
    return new Proxy(db, {
      get: (target, name) =>
        name === 'collection' ? (collection: string) => this.#collection(target.collection(collection)) : bound(target, name),
    });
  }

  #collection(collection: Collection): Collection {
    return new Proxy(collection, {
      get: (target, name) => {
        const member = bound(target, name);
        if (!operations.has(String(name))) return member;
        return (...args: unknown[]) => this.pass(() => (member as (...args: unknown[]) => Promise<unknown>)(...args));
      },
    });
  }
}

const operations = new Set(['findOne', 'insertOne', 'replaceOne', 'updateOne', 'findOneAndUpdate', 'deleteOne']);

function bound(target: object, name: string | symbol): unknown {
  const member: unknown = Reflect.get(target, name, target);
  return typeof member === 'function' ? member.bind(target) : member;
}
