import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import { afterEach, expect, test } from '@jest/globals';
import { createPublisher, type BusEvent } from '@parley/bus';
import { Channel } from '@parley/contracts';
import { eventually, testBus, testDatabase, testKeys } from '@parley/testing';
import { createBilling } from './billing.ts';
import { toChargeAuthorization } from './bus/convert.ts';
import { receiptOf } from './domain/receipt.ts';
import { alice, CallScript, evidence, originMs } from './test-support/call-script.ts';
import { sampleTerms } from './test-support/sample-terms.ts';
import { environment } from './test-support/started-billing.ts';
import { billingEventsByCall, valuesOf } from './test-support/stream-reader.ts';

const nats = testBus();
const database = testDatabase();
const keys = testKeys();
const accountId = 'acme';
const atMs = BigInt(originMs);
const cause = { id: 'request', atMs, traceparent: '' };
const running = new Set<ChildProcess>();

afterEach(async () => {
  for (const child of running) {
    child.kill('SIGKILL');
    await once(child, 'exit');
  }
});

/** The service as it is run, in a process of its own. */
function startProcess(): ChildProcess {
  const main = fileURLToPath(new URL('main.ts', import.meta.url));
  const child = spawn(process.execPath, [main], { env: { ...environment({ nats, database, keys }), LEASE_TTL_MS: '1000' }, stdio: 'ignore' });
  running.add(child);
  child.once('exit', () => running.delete(child));
  return child;
}

function eventsOf(script: CallScript, charge: Parameters<CallScript['initiated']>[0]): BusEvent[] {
  const observing = script.observing('caller');
  const seconds = Array.from({ length: 12 }, (_, index) => script.progress('caller', [evidence(Channel.FACE, index * 1_000, (index + 1) * 1_000)]));
  return [script.initiated(charge), script.videoStarted('caller'), observing, ...seconds, script.ended('caller', 12_000), script.completed(12_000)];
}

test('killed again and again while calls go on, it charges each of them once', async () => {
  const publisher = createPublisher(nats.bus);
  const timeouts = { recognitionMs: 30_000n, authorizationMs: 120_000n, silenceMs: 3_600_000n };
  const billing = createBilling({ db: database.db, publisher, timeouts });
  const { policyId } = await billing.createPolicy({ accountId, requestId: 'policy', policyId: '', terms: sampleTerms(), atMs });
  await billing.topUpWallet({ accountId, requestId: 'first', address: alice, amount: { currency: 'EUR', micros: 100_000_000n }, atMs });
  const scripts = Array.from({ length: 20 }, () => new CallScript(accountId, Date.now()));
  const calls = await Promise.all(
    scripts.map(async (script) => {
      const { terms, grantedMs } = (await billing.authorizeCharge({ accountId, callId: script.callId, from: alice, to: 'client:bob', policyId, cause }))!;
      return eventsOf(script, toChargeAuthorization(terms, grantedMs));
    }),
  );

  const told = async () => {
    const byCall = await billingEventsByCall(nats.bus, accountId);
    return scripts.map(({ callId }) => byCall.get(callId) ?? []);
  };
  let child = startProcess();
  for (let step = 0; step < calls[0]!.length; step += 1) {
    for (const events of calls) await publisher.publish(events[step]!);
    if (step % 4 !== 3) continue;
    // In the middle of work: something of this round has been told, or is just being done.
    const before = (await told()).flat().length;
    await eventually(async () => expect((await told()).flat().length).toBeGreaterThan(before), { timeoutMs: 3_000 }).catch(() => undefined);
    child.kill('SIGKILL');
    await once(child, 'exit');
    child = startProcess();
  }
  await eventually(async () => expect((await told()).every((events) => events.at(-1)?.type === 'billing.settled')).toBe(true), { timeoutMs: 60_000 });

  for (const events of await told()) {
    expect(events.map(({ sequence }) => sequence)).toEqual(events.map((_, index) => BigInt(index)));
    expect(valuesOf(events, 'charged').map(({ fromMs, amount }) => [fromMs, amount?.micros])).toEqual(Array.from({ length: 12 }, (_, index) => [BigInt(index) * 1_000n, 10_000n]));
  }
  const entryIds = (await told()).flatMap((events) => valuesOf(events, 'charged').map(({ entryId }) => entryId));
  expect(new Set(entryIds).size).toBe(240);
  const receipts = await Promise.all(scripts.map(({ callId }) => billing.getReceipt(accountId, callId)));
  expect(receipts.map(({ charge }) => receiptOf(charge).totalMicros)).toEqual(scripts.map(() => 120_000n));
  expect(await billing.wallets.find(`${accountId}/${alice}`)).toMatchObject({ balanceMicros: 97_600_000n, nextEntry: 241n, holds: {} });
}, 120_000);
