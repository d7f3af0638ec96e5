import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll } from '@jest/globals';
import { connectStore, type Store } from '@parley/store';
import type { Db } from 'mongodb';
import { databaseUrl } from './test-platform.ts';

export interface TestDatabase {
  readonly url: string;
  /** A name of its own for each spec. */
  readonly name: string;
  readonly store: Store;
  readonly db: Db;
}

/**
 * Call it at the top of a spec: before its tests there is a connection to an empty database; after them the database is
 * dropped and the connection closed. Read its properties inside tests and hooks.
 */
export function testDatabase(): TestDatabase {
  const name = `test-${randomUUID()}`;
  let url = '';
  let store: Store | undefined;
  const connected = (): Store => {
    if (store === undefined) {
      throw new Error('testDatabase is connected before the tests: read it inside a test or hook');
    }
    return store;
  };
  beforeAll(async () => {
    url = await databaseUrl();
    store = await connectStore({ url, database: name, appName: 'test' });
  });
  afterAll(async () => {
    await store?.db.dropDatabase();
    await store?.close();
  });
  return {
    get url() {
      return url;
    },
    name,
    get store() {
      return connected();
    },
    get db() {
      return connected().db;
    },
  };
}
