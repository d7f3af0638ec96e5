import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import { afterEach, expect, test } from '@jest/globals';
import { createPublisher, type BusEvent, type StreamedEvent } from '@parley/bus';
import { Channel } from '@parley/contracts';
import { eventually, testBus, testDatabase, testKeys } from '@parley/testing';
import { createBilling, type Billing } from './billing.ts';
import { toChargeAuthorization } from './bus/convert.ts';
import { receiptOf } from './domain/receipt.ts';
import { alice, CallScript, evidence, originMs } from './test-support/call-script.ts';
import { sampleTerms } from './test-support/sample-terms.ts';
import { environment } from './test-support/started-billing.ts';
import { billingEventsByCall, valuesOf } from './test-support/stream-reader.ts';

const nats = testBus();
const database = testDatabase();
const keys = testKeys();
const atMs = BigInt(originMs);
const cause = { id: 'request', atMs, traceparent: '' };
const running = new Set<ChildProcess>();

afterEach(async () => {
  for (const child of running) await kill(child);
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

async function kill(child: ChildProcess): Promise<void> {
  child.kill('SIGKILL');
  await once(child, 'exit');
}

/** Calls of 12 seconds from one wallet, authorised. */
interface Prepared {
  readonly accountId: string;
  readonly billing: Billing;
  readonly scripts: readonly CallScript[];
  /** What happens on each call, in order. */
  readonly calls: readonly (readonly BusEvent[])[];
  /** What billing has published of each call so far. */
  readonly told: () => Promise<StreamedEvent[][]>;
  /** So many of the events of each call. */
  readonly publish: (fromStep: number, toStep: number) => Promise<void>;
}

const secondsOfACall = 12;

async function prepareCalls(accountId: string, count: number): Promise<Prepared> {
  const publisher = createPublisher(nats.bus);
  const timeouts = { recognitionMs: 30_000n, authorizationMs: 120_000n, silenceMs: 3_600_000n };
  const billing = createBilling({ db: database.db, publisher, timeouts });
  const { policyId } = await billing.createPolicy({ accountId, requestId: 'policy', policyId: '', terms: sampleTerms(), atMs });
  await billing.topUpWallet({ accountId, requestId: 'first', address: alice, amount: { currency: 'EUR', micros: 100_000_000n }, atMs });
  const scripts = Array.from({ length: count }, () => new CallScript(accountId, Date.now()));
  const calls = await Promise.all(
    scripts.map(async (script) => {
      const { terms, grantedMs } = (await billing.authorizeCharge({ accountId, callId: script.callId, from: alice, to: 'client:bob', policyId, cause }))!;
      return eventsOf(script, toChargeAuthorization(terms, grantedMs));
    }),
  );
  return {
    accountId,
    billing,
    scripts,
    calls,
    told: async () => {
      const byCall = await billingEventsByCall(nats.bus, accountId);
      return scripts.map(({ callId }) => byCall.get(callId) ?? []);
    },
    publish: async (fromStep, toStep) => {
      for (let step = fromStep; step < toStep; step += 1) for (const events of calls) await publisher.publish(events[step]!);
    },
  };
}

async function untilSettled({ told }: Prepared): Promise<void> {
  await eventually(async () => expect((await told()).every((events) => events.at(-1)?.type === 'billing.settled')).toBe(true), { timeoutMs: 150_000 });
}

/** As if nobody had ever been killed or stopped. */
async function expectChargedOnce({ accountId, billing, scripts, told }: Prepared): Promise<void> {
  for (const events of await told()) {
    expect(events.map(({ sequence }) => sequence)).toEqual(events.map((_, index) => BigInt(index)));
    expect(valuesOf(events, 'charged').map(({ fromMs, amount }) => [fromMs, amount?.micros])).toEqual(Array.from({ length: secondsOfACall }, (_, index) => [BigInt(index) * 1_000n, 10_000n]));
  }
  const entryIds = (await told()).flatMap((events) => valuesOf(events, 'charged').map(({ entryId }) => entryId));
  const entries = scripts.length * secondsOfACall;
  expect(new Set(entryIds).size).toBe(entries);
  const receipts = await Promise.all(scripts.map(({ callId }) => billing.getReceipt(accountId, { callId })));
  expect(receipts.map(({ charge }) => receiptOf(charge).totalMicros)).toEqual(scripts.map(() => 120_000n));
  const balanceMicros = 100_000_000n - BigInt(entries) * 10_000n;
  expect(await billing.wallets.find(`${accountId}/${alice}`)).toMatchObject({ balanceMicros, nextEntry: BigInt(entries + 1), holds: {} });
}

test('killed again and again while calls go on, it charges each of them once', async () => {
  const prepared = await prepareCalls('acme', 20);
  const { calls, told, publish } = prepared;
  const steps = calls[0]!.length;
  let child = startProcess();
  for (let step = 0; step < steps; step += 4) {
    await publish(step, Math.min(step + 4, steps));
    // In the middle of work: something of this round has been told, or is just being done.
    const before = (await told()).flat().length;
    await eventually(async () => expect((await told()).flat().length).toBeGreaterThan(before), { timeoutMs: 3_000 }).catch(() => undefined);
    await kill(child);
    child = startProcess();
  }
  await untilSettled(prepared);
  await expectChargedOnce(prepared);
}, 300_000);

test('stopped in the middle of its work and going on when another one has settled the calls, it changes nothing', async () => {
  const prepared = await prepareCalls('globex', 6);
  const { calls, told, publish } = prepared;
  const stopped = startProcess();
  const publishing = publish(0, calls[0]!.length);
  await eventually(async () => expect((await told()).flat().length).toBeGreaterThan(6), { timeoutMs: 60_000 });
  stopped.kill('SIGSTOP');
  const successor = startProcess();
  await publishing;
  await untilSettled(prepared);
  const settled = await told();

  stopped.kill('SIGCONT');
  await kill(successor);
  // It is awake, and did what it had begun, once it has settled calls that it can only know by now.
  const later = await prepareCalls('initech', 3);
  await later.publish(0, later.calls[0]!.length);
  await untilSettled(later);
  expect(await told()).toEqual(settled);
  await expectChargedOnce(prepared);
  await expectChargedOnce(later);
}, 300_000);
