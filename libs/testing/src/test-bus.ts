import { afterAll, beforeAll } from '@jest/globals';
import { buckets, connectBus, declareStreams, eventStreams, findingsStream, ledgerStream, subscriptionsStream, type Bus } from '@parley/bus';
import { natsCredsFile } from '@parley/local';
import { workerNatsUrl } from './test-platform.ts';

export interface TestBus {
  /** Of the worker's own nats-server. */
  readonly url: string;
  /** A connection of the platform's user, which may do everything. */
  readonly bus: Bus;
  /** What connectBus takes to be one of the server's users: a service's name, or `platform`. */
  login(user: string): { readonly url: string; readonly credsFile: string };
  /** A connection with the rights of that user; closed with the spec. */
  connectAs(user: string): Promise<Bus>;
}

/**
 * Call it at the top of a spec: before its tests, the worker's nats-server has all streams and buckets, empty; after them,
 * connections are closed. Read its properties inside tests and hooks.
 */
export function testBus(): TestBus {
  const connections: Bus[] = [];
  let url = '';
  const login = (user: string) => ({ url, credsFile: natsCredsFile(user) });
  const connectAs = async (user: string): Promise<Bus> => {
    const bus = await connectBus({ ...login(user), name: `test of ${user}` });
    connections.push(bus);
    return bus;
  };
  beforeAll(async () => {
    url = await workerNatsUrl();
    await resetStreams(await connectAs('platform'));
  });
  afterAll(async () => {
    await Promise.all(connections.map((bus) => bus.close()));
  });
  return {
    get url() {
      return url;
    },
    get bus() {
      const [bus] = connections;
      if (bus === undefined) {
        throw new Error('testBus is connected before the tests: read it inside a test or hook');
      }
      return bus;
    },
    login,
    connectAs,
  };
}

/** An earlier spec of this worker may have left events behind. */
async function resetStreams({ nc, jsm }: Bus): Promise<void> {
  const names = [...Object.values(eventStreams), findingsStream, subscriptionsStream, ledgerStream, ...Object.values(buckets).map((bucket) => `KV_${bucket}`)];
  for (const name of names) {
    await jsm.streams.delete(name).catch(() => undefined);
  }
  await declareStreams(nc, jsm);
}
