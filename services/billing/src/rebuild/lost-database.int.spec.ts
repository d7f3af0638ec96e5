import { expect, test } from '@jest/globals';
import { createPublisher, eventStreams, ledgerStream, partitionOf, type BusEvent } from '@parley/bus';
import { Crash, CrashGate, testBus, testDatabase } from '@parley/testing';
import { createBilling, type Billing } from '../billing.ts';
import { createCallHistories } from '../bus/call-history.ts';
import { readLedger } from '../bus/ledger-reader.ts';
import { receiptOf } from '../domain/receipt.ts';
import { alice } from '../test-support/call-script.ts';
import { story, type Story } from '../test-support/charging-story.ts';
import { operationStep } from '../test-support/crash-story.ts';
import { billingEvents, valuesOf } from '../test-support/stream-reader.ts';
import { createExplainCharge } from '../usecases/explain-charge.ts';
import { verifyLedger } from '../verify/verify-ledger.ts';
import { verifyStream } from '../verify/verify-stream.ts';
import { rebuild } from './rebuild.ts';

const nats = testBus();
const lost = testDatabase();
const rebuilt = testDatabase();
const timeouts = { recognitionMs: 30_000n, authorizationMs: 120_000n, silenceMs: 3_600_000n };

const publish = (event: BusEvent): Promise<void> => createPublisher(nats.bus).publish(event);

function billingThrough(gate: CrashGate, { db } = lost): Billing {
  return createBilling({ db: gate.db(db), publisher: gate.publisher(createPublisher(nats.bus)), timeouts });
}

/** Plays the story; at the crash the database is lost, too. One that is rebuilt takes its place, and what was not finished comes again. */
async function play({ steps, callId }: Story, gate: CrashGate): Promise<boolean> {
  for (const stream of [...Object.values(eventStreams), ledgerStream]) await nats.bus.jsm.streams.purge(stream);
  await lost.db.dropDatabase();
  await rebuilt.db.dropDatabase();
  const first = billingThrough(gate);
  for (const [index, step] of steps.entries()) {
    try {
      await step(first);
    } catch (error) {
      if (!(error instanceof Crash)) throw error;
      expect((await rebuild(rebuilt.db, nats.bus)).differences).toEqual([]);
      const second = billingThrough(new CrashGate(), rebuilt);
      await second.prepare();
      await second.charges.runLeftEffects([partitionOf(callId)]);
      // The consumer reads on before what is not applied.
      for (const [at, again] of steps.entries()) if (at >= index - 1 || isEvent(at)) await again(second);
      return true;
    }
  }
  return false;
}

/** The steps from the call's initiation on, but for the extension of its grant. */
const isEvent = (at: number): boolean => at >= 4 && at !== 7;

async function outcome({ accountId, callId }: Story, database = rebuilt): Promise<object> {
  const billing = billingThrough(new CrashGate(), database);
  const wallet = (await billing.wallets.find(`${accountId}/${alice}`))!;
  const { charge } = await billing.getReceipt(accountId, { callId });
  const events = await billingEvents(nats.bus, { accountId, callId });
  const explain = createExplainCharge({ charges: billing.charges, histories: createCallHistories(nats.bus) });
  return {
    balanceMicros: wallet.balanceMicros,
    holds: wallet.holds,
    status: charge.status,
    totalMicros: receiptOf(charge).totalMicros,
    isContiguous: events.every(({ sequence }, index) => sequence === BigInt(index)),
    charged: valuesOf(events, 'charged').map(({ fromMs, amount }) => [fromMs, amount?.micros]),
    differences: (await explain(accountId, { callId })).differences,
    faults: [...(await verifyLedger(database.db)).faults, ...(await verifyStream(database.db, (onCommand) => readLedger(nats.bus, onCommand))).faults],
  };
}

test.each([
  { balanceMicros: 100_000n, totalMicros: 29_000n, what: 'that covers the call' },
  // Two cells more than the first grant, and not the last one.
  { balanceMicros: 26_000n, totalMicros: 25_000n, what: 'that runs out' },
])('a database that is lost at any operation on it or on the broker is rebuilt, and a balance $what comes to what it would have', async ({ balanceMicros, totalMicros }) => {
  const plain = story({ balanceMicros, publish });
  const counter = new CrashGate();
  expect(await play(plain, counter)).toBe(false);
  const expected = await outcome(plain, lost);
  expect(expected).toMatchObject({ status: 'settled', totalMicros, differences: [], faults: [] });
  // Alternately before and after it.
  for (let at = 1; at <= counter.operations; at += 2 * operationStep - 1) {
    const crashed = story({ balanceMicros, publish });
    expect(await play(crashed, new CrashGate(at, at % 2 === 0 ? 'before' : 'after'))).toBe(true);
    expect({ at, ...(await outcome(crashed)) }).toEqual({ at, ...expected });
  }
}, 600_000);
