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

/** Plays the story; at the crash the database is lost, too. One that is rebuilt takes its place, and what was not finished comes again, unless nobody asks for it again. */
async function play({ steps, callId }: Story, gate: CrashGate, { isAskedAgain = true } = {}): Promise<boolean> {
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
      for (const [at, again] of isAskedAgain ? steps.entries() : []) if (at >= index - 1 || isEvent(at)) await again(second);
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
    corrections: charge.status === 'settled' ? charge.corrections?.map(({ reason, differenceMicros, order, policy }) => [reason, differenceMicros, order?.actor, order?.note, policy?.version]) : undefined,
    disputes: charge.status === 'settled' ? charge.disputes?.map(({ resolved }) => resolved?.outcome) : undefined,
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

/** The story, and what is done to its charge by hand: money goes both ways. */
function corrected(): Story {
  const plain = story({ balanceMicros: 100_000n, publish });
  const { accountId, callId, steps } = plain;
  const order = (requestId: string) => ({ accountId, callId, requestId, actor: 'ops', note: `because of ${requestId}`, atMs: 1_750_000_060_000n, traceparent: '' });
  const euro = (micros: bigint) => ({ currency: 'EUR', micros });
  const known = { policyId: '', disputeId: '' };
  const byHand: Story['steps'] = [
    (billing) => billing.refundCharge({ ...order('refund'), amount: euro(4_000n) }),
    async (billing) => {
      known.policyId = (await billing.getReceipt(accountId, { callId })).charge.terms.policy.policyId;
      const { terms } = (await billing.policies.find(accountId, known.policyId, 1))!;
      await billing.createPolicy({ accountId, requestId: 'dearer', policyId: known.policyId, terms: { ...terms, rateMicros: 2n * terms.rateMicros }, atMs: 0n });
    },
    (billing) => billing.reRateCharge({ ...order('rerating'), policyId: known.policyId, version: 2, dryRun: false }),
    async (billing) => {
      known.disputeId = (await billing.openDispute(order('open'))).dispute.disputeId;
    },
    (billing) => billing.resolveDispute({ ...order('resolve'), disputeId: known.disputeId, accepted: euro(7_000n) }),
  ];
  return { ...plain, steps: [...steps, ...byHand] };
}

test('a database that is lost at any operation of a correction is rebuilt, and what was booked of it is known, whether it is asked for again or not', async () => {
  const uncorrected = new CrashGate();
  await play(story({ balanceMicros: 100_000n, publish }), uncorrected);
  const counter = new CrashGate();
  const plain = corrected();
  expect(await play(plain, counter)).toBe(false);
  const expected = await outcome(plain, lost);
  expect(expected).toMatchObject({ corrections: [['refund', -4_000n, 'ops', 'because of refund', undefined], ['rerating', 29_000n, 'ops', 'because of rerating', 2], ['dispute', -7_000n, 'ops', 'because of resolve', undefined]], disputes: ['accepted'], differences: [], faults: [] });
  for (let at = uncorrected.operations + 1; at <= counter.operations; at += 1) {
    const left = corrected();
    if (await play(left, new CrashGate(at, 'after'), { isAskedAgain: false })) expect({ at, ...(await outcome(left)) }).toMatchObject({ at, differences: [], faults: [] });
    if (at % operationStep !== 0) continue;
    const crashed = corrected();
    await play(crashed, new CrashGate(at, 'after'));
    expect({ at, ...(await outcome(crashed)) }).toEqual({ at, ...expected });
  }
}, 600_000);
