import type { Collection, Db } from 'mongodb';

/** What a dead process says. Nothing may catch it and go on. */
export class Crash extends Error {
  override readonly name = 'Crash';
}

const OPERATIONS = new Set(['findOne', 'insertOne', 'replaceOne', 'updateOne']);

/**
 * For tests: stands for a process that dies at its n-th operation on the database or the broker, just before it or just
 * after it was done but before anybody heard of it. From then on nothing of this process gets through any more.
 */
export class CrashGate {
  readonly #at: number;
  readonly #when: 'before' | 'after';
  operations = 0;

  constructor(at = Number.POSITIVE_INFINITY, when: 'before' | 'after' = 'before') {
    this.#at = at;
    this.#when = when;
  }

  async pass<T>(operation: () => Promise<T>): Promise<T> {
    this.operations += 1;
    const here = this.operations;
    if (here > this.#at || (here === this.#at && this.#when === 'before')) throw new Crash(`before operation ${here}`);
    const result = await operation();
    if (here === this.#at) throw new Crash(`after operation ${here}`);
    return result;
  }

  db(db: Db): Db {
    return proxied(db, (name, member) => (name === 'collection' ? (collection: string) => this.#collection(member(collection) as Collection) : member));
  }

  #collection(collection: Collection): Collection {
    return proxied(collection, (name, member) => (OPERATIONS.has(name) ? (...args: unknown[]) => this.pass(async () => member(...args)) : member));
  }
}

type Method = (...args: unknown[]) => unknown;

function proxied<T extends object>(target: T, replace: (name: string, member: Method) => (...args: never[]) => unknown): T {
  return new Proxy(target, {
    get: (_target, name) => {
      const member: unknown = Reflect.get(target, name, target);
      return typeof member === 'function' ? replace(String(name), member.bind(target) as Method) : member;
    },
  });
}
