import { attributeNames, logger, record } from '@parley/telemetry';
import { MongoClient, type Db } from 'mongodb';
import { endHungWrites } from './end-hung-writes.ts';
import { storeErrors } from './store-error.ts';

const log = logger('store');

export interface StoreOptions {
  readonly url: string;
  readonly database: string;
  /** Shows in the database's log: the service and its instance. */
  readonly appName: string;
}

export interface Store {
  readonly db: Db;
  /** Whether the database answered last; for readiness. */
  readonly isConnected: boolean;
  close(): Promise<void>;
}

/**
 * Connects and proves it with a ping. Writes are acknowledged by a majority and journalled; 64-bit integers are bigint;
 * bytes come back as Buffer; undefined fields are left out.
 * @throws ParleyError store.unavailable
 */
export async function connectStore({ url, database, appName }: StoreOptions): Promise<Store> {
  endHungWrites();
  const client = new MongoClient(url, {
    appName,
    useBigInt64: true,
    promoteBuffers: true,
    ignoreUndefined: true,
    writeConcern: { w: 'majority', journal: true },
    serverSelectionTimeoutMS: 5_000,
    connectTimeoutMS: 5_000,
    socketTimeoutMS: 20_000,
    maxPoolSize: 32,
    monitorCommands: true,
  });
  let isConnected = false;
  observe(client, (connected) => {
    isConnected = connected;
  });
  await storeErrors(async () => {
    await client.connect();
    await client.db(database).command({ ping: 1 });
  }).catch(async (error: unknown) => {
    await client.close();
    throw error;
  });
  return {
    db: client.db(database),
    get isConnected() {
      return isConnected;
    },
    close: () => client.close(),
  };
}

/** Commands that say nothing about the work: they would drown it in the metrics. */
const uninteresting = new Set(['hello', 'ping', 'endSessions', 'killCursors', 'ismaster']);

function observe(client: MongoClient, connected: (yes: boolean) => void): void {
  client.on('commandSucceeded', ({ commandName, duration }) => {
    connected(true);
    if (!uninteresting.has(commandName)) {
      record('parley.store.duration', duration / 1000, { [attributeNames.operation]: commandName });
    }
  });
  client.on('serverHeartbeatFailed', ({ failure }) => {
    connected(false);
    log.warn({ err: failure }, 'the database does not answer');
  });
  client.on('serverHeartbeatSucceeded', () => connected(true));
}
