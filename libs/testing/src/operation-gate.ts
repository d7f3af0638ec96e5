import type { Publisher } from '@parley/bus';
import type { Collection, Db } from 'mongodb';

/** For tests: every operation of a process on the database or the broker passes through here. */
export abstract class OperationGate {
  #operations = 0;

  /** Operations so far. */
  get operations(): number {
    return this.#operations;
  }

  pass<T>(operation: () => Promise<T>): Promise<T> {
    this.#operations += 1;
    return this.through(operation, this.#operations);
  }

  /** @param here number of the operation, from 1 */
  protected abstract through<T>(operation: () => Promise<T>, here: number): Promise<T>;

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
