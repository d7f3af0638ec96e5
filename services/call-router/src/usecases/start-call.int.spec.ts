import { setTimeout as sleep } from 'node:timers/promises';
import { beforeAll, beforeEach, describe, expect, test } from '@jest/globals';
import type { StoredMessage } from '@parley/bus';
import { eventually, testDatabase } from '@parley/testing';
import { createLiveCalls } from '../calls/live-calls.ts';
import { createConnectedDevices } from '../devices/connected-devices.ts';
import { inbound } from '../domain/call/scenario.fixture.ts';
import { createCallRepository, type CallRepository } from '../store/call-repository.ts';
import type { BillingClient } from './billing-client.ts';
import { newLegId } from './derived-id.ts';
import { startCall, type CallRequest, type StartCallPorts } from './start-call.ts';

const instance = 'router-1';
const freeOfCharge: BillingClient = { authorize: async () => undefined, extend: async () => 0, release: async () => undefined, close: () => undefined };

const database = testDatabase();
let callDocuments: CallRepository;
let published: string[] = [];
/** Resolves when the broker is there. */
let broker = Promise.resolve();
let ports: StartCallPorts;

beforeAll(async () => {
  callDocuments = await createCallRepository(database.db, async ({ headers }: StoredMessage) => {
    await broker;
    published.push(`${headers['ce-type']}`);
  });
});

beforeEach(() => {
  published = [];
  broker = Promise.resolve();
  ports = portsOf();
});

function portsOf(): StartCallPorts {
  const now = () => Date.now();
  const lines = { release: () => undefined };
  const calls = createLiveCalls({ instance, repository: callDocuments, lines, connected: createConnectedDevices(), runEffect: () => undefined, now });
  return { instance, calls, callDocuments, billing: freeOfCharge, now };
}

function request(): CallRequest {
  const { kind: _kind, authorization: _authorization, ...rest } = inbound;
  const { applicationId, voiceUrl } = inbound.application;
  const application = { applicationId, accountId: 'acme', displayName: '', voiceUrl, fallbackUrl: '', statusCallbackUrl: '', policyId: '', signingKey: '' };
  return { ...rest, application, callId: newLegId() };
}

describe('a request that is repeated', () => {
  test('while the first events of the call wait for the broker: there is one call, and it lives', async () => {
    const there = Promise.withResolvers<void>();
    broker = there.promise;
    const call = request();
    const first = startCall(ports, call);
    await eventually(async () => expect(await callDocuments.find('acme', call.callId)).toBeDefined());
    const repeats = [startCall(ports, call), startCall(ports, call)];
    // Time enough to find the document, and to do something about it.
    await sleep(50);
    there.resolve();
    const all = await Promise.all([first, ...repeats]);
    expect(all.map(({ repeated }) => repeated)).toEqual([false, true, true]);
    expect(all.map(({ state }) => state.kind)).toEqual(['live', 'live', 'live']);
    expect(ports.calls.get(call.callId)?.state.kind).toBe('live');
    expect(await callDocuments.find('acme', call.callId)).toMatchObject({ open: true, rev: 0 });
    ports.calls.abandonAll();
  });

  test('after its answer was lost on the way from the database: the call ends, and all its events are published', async () => {
    const call = request();
    const never = Promise.withResolvers<void>();
    broker = never.promise;
    void startCall(ports, call);
    await eventually(async () => expect(await callDocuments.find('acme', call.callId)).toBeDefined());
    broker = Promise.resolve();
    const { state } = await startCall(portsOf(), call);
    expect(state).toMatchObject({ kind: 'ended', legs: [{ cause: 'router_lost' }] });
    expect(published).toHaveLength(3);
    expect(await callDocuments.find('acme', call.callId)).toMatchObject({ open: false, outbox: [] });
  });
});
