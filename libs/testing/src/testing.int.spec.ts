import { describe, expect, test } from '@jest/globals';
import { eventStreams } from '@parley/bus';
import { eventually, testBus, testDatabase, testKeys } from './index.ts';

const nats = testBus();
const database = testDatabase();
const keys = testKeys();

describe('what an integration test finds', () => {
  test('a broker with empty streams', async () => {
    for (const name of Object.values(eventStreams)) {
      expect((await nats.bus.jsm.streams.info(name)).state.messages).toBe(0);
    }
  });

  test('services with their own rights', async () => {
    const bus = await nats.connectAs('billing');
    await expect(bus.js.publish('evt.billing.00.acme', 'x')).resolves.toMatchObject({ stream: 'BILLING_EVENTS' });
  });

  test('a database of its own', async () => {
    await database.db.collection('things').insertOne({ answer: 42n });
    expect(await database.db.collection('things').findOne({})).toMatchObject({ answer: 42n });
    expect(database.db.databaseName).toBe(database.name);
  });

  test('keys whose tokens verify', async () => {
    const token = await keys.token({ scope: 'device', subject: 'client:alice' });
    expect(await keys.verifier.verify(token)).toMatchObject({ accountId: 'acme', subject: 'client:alice', scopes: ['device'] });
  });

  test('eventually waits until a check holds, and gives its value', async () => {
    let calls = 0;
    const value = await eventually(() => {
      calls += 1;
      expect(calls).toBeGreaterThan(2);
      return 'done';
    });
    expect(value).toBe('done');
    await expect(eventually(() => Promise.reject(new Error('never')), { timeoutMs: 50 })).rejects.toThrow('never');
  });
});
