import { beforeAll, beforeEach, expect, test } from '@jest/globals';
import type { StoredMessage } from '@parley/bus';
import { parleyError } from '@parley/errors';
import { testDatabase } from '@parley/testing';
import { createLiveCalls } from '../calls/live-calls.ts';
import { createConnectedDevices } from '../devices/connected-devices.ts';
import { absentCall, type ExistingCall } from '../domain/call/call-state.ts';
import { decide } from '../domain/call/decide.ts';
import { inbound } from '../domain/call/scenario.fixture.ts';
import { createCallRepository, type CallRepository } from '../store/call-repository.ts';
import { adoptCalls, adoptOrphans } from './adopt-calls.ts';
import { newLegId } from './derived-id.ts';

const instance = 'router-1';
const dead = 'router-dead';
const database = testDatabase();
let callDocuments: CallRepository;
/** Of these calls no event can be published. */
const stuck = new Set<string>();
const published: string[] = [];

beforeAll(async () => {
  callDocuments = await createCallRepository(database.db, async ({ payload }: StoredMessage) => {
    const callId = [...stuck].find((id) => Buffer.from(payload).includes(id));
    if (callId !== undefined) throw parleyError('internal', 'it cannot be published');
    published.push(Buffer.from(payload).toString('latin1'));
  });
});

beforeEach(() => {
  stuck.clear();
  published.length = 0;
});

function portsOf() {
  const lines = { release: () => undefined };
  const calls = createLiveCalls({ instance, repository: callDocuments, lines, connected: createConnectedDevices(), runEffect: () => undefined, now: () => Date.now() });
  return { instance, calls, callDocuments };
}

async function left(): Promise<string> {
  const { statusCallbackUrl: _url, ...application } = inbound.application;
  const { state } = decide({ ...inbound, application, callId: newLegId() }, absentCall, 1_000, { newLegId });
  const call = state as ExistingCall;
  await callDocuments.insert({ _id: call.callId, accountId: 'acme', owner: dead, open: true, traceparent: '', state: call, outbox: [] });
  return call.callId;
}

const found = (callId: string) => callDocuments.find('acme', callId);
const over = { owner: instance, open: false, state: { kind: 'ended', legs: [{ cause: 'router_lost' }] } };

test('a call that cannot be adopted stops no other, and is adopted once it can be, with its events', async () => {
  const ports = portsOf();
  const callIds = [await left(), await left(), await left()];
  stuck.add(callIds[0]!);
  await expect(adoptCalls(ports, dead, 2_000)).rejects.toMatchObject({ code: 'internal' });
  for (const callId of callIds.slice(1)) expect(await found(callId)).toMatchObject(over);
  // The write went through, its publication did not.
  expect(await found(callIds[0]!)).toMatchObject({ owner: instance, open: true });
  await expect(adoptCalls(ports, dead, 2_000)).rejects.toMatchObject({ code: 'internal' });
  stuck.clear();
  await adoptCalls(ports, dead, 2_000);
  expect(await found(callIds[0]!)).toMatchObject(over);
  expect(published.filter((payload) => payload.includes(callIds[0]!))).toHaveLength(1);
});

test('keeps no router from starting', async () => {
  const callIds = [await left(), await left()];
  stuck.add(callIds[0]!);
  await adoptOrphans(portsOf(), async () => false);
  expect(await found(callIds[1]!)).toMatchObject(over);
});
