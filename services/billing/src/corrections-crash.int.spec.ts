import { describe, expect, test } from '@jest/globals';
import { partitionOf } from '@parley/bus';
import { Channel } from '@parley/contracts';
import { Crash, CrashGate, PauseGate, testBus, testDatabase, type OperationGate } from '@parley/testing';
import type { Billing } from './billing.ts';
import { toConsumedEvent } from './bus/consumed-event.ts';
import { plainPrices } from './domain/price.ts';
import { evidence, streamed } from './test-support/call-script.ts';
import type { Story } from './test-support/charging-story.ts';
import { atEach, billingThrough, operationStep, outcome, play } from './test-support/crash-story.ts';
import { replica, Tenant } from './test-support/tenant.ts';
import { verifyLedger } from './verify/verify-ledger.ts';

const nats = testBus();
const database = testDatabase();
const stores = { nats, database };
const euro = (micros: bigint) => ({ currency: 'EUR', micros });

/** Of a call that was settled at 20 000 micro-units, a third of them the host's: what is done by hand after it, money going both ways. */
async function story(): Promise<Story> {
  const tenant = await Tenant.with(stores, 200_000n, { prices: { ...plainPrices, hostPermille: 333 } });
  const script = await tenant.begin();
  await tenant.apply(script.ended('caller', 2_000, [evidence(Channel.FACE, 0, 2_000)]), script.completed(2_000));
  const version = await tenant.newVersion({ rateMicros: 1_200_000n });
  const { callId } = script;
  const { accountId, policyId } = tenant;
  const known = { disputeId: '' };
  const steps: Story['steps'] = [
    (billing) => billing.refundCharge({ ...tenant.order(callId, 'refund'), amount: euro(5_000n) }),
    (billing) => billing.reRateCharge({ ...tenant.order(callId, 'rerating'), policyId, version, dryRun: false }),
    async (billing) => {
      known.disputeId = (await billing.openDispute(tenant.order(callId, 'open'))).dispute.disputeId;
    },
    (billing) => billing.resolveDispute({ ...tenant.order(callId, 'resolve'), disputeId: known.disputeId, accepted: euro(7_000n) }),
  ];
  return { accountId, callId, payers: ['caller'], steps };
}

/** Ids of disputes differ from story to story. */
const withoutIds = (seen: unknown): unknown => JSON.parse(JSON.stringify(seen).replace(/x-[0-9a-f]{12}/g, 'd'));

test('without a crash the corrections come to what they should', async () => {
  const plain = await story();
  expect(await play(plain, new CrashGate(), stores)).toBe(false);
  expect(await outcome(plain, stores)).toMatchObject({
    charges: [
      {
        wallet: { balance: '172000n', available: '172000n', holds: {} },
        corrected: {
          corrections: [{ difference: { micros: '-5000n' } }, { difference: { micros: '20000n' } }, { difference: { micros: '-7000n' } }],
          correctedTotal: { micros: '28000n' },
        },
        isChained: true,
      },
    ],
  });
});

test(
  'a crash after operations of a correction neither loses nor doubles anything',
  async () => {
    const plain = await story();
    const counter = new CrashGate();
    await play(plain, counter, stores);
    const expected = withoutIds(await outcome(plain, stores));
    expect(counter.operations).toBeGreaterThan(40);
    let crashes = 0;
    await atEach(counter.operations, async (at) => {
      const crashed = await story();
      if (await play(crashed, new CrashGate(at, 'after'), stores)) crashes += 1;
      expect({ at, seen: withoutIds(await outcome(crashed, stores)) }).toEqual({ at, seen: expected });
    });
    expect(crashes).toBeGreaterThan((counter.operations / operationStep) * 0.9);
    expect((await verifyLedger(database.db)).faults).toEqual([]);
  },
  600_000,
);

describe('what is held for a re-rating', () => {
  const atMs = 0n;

  /** A call of 20 000 micro-units with a re-rating to 40 000 that goes through a gate; 210 000 are left to take them from. */
  async function reRating() {
    const tenant = await Tenant.with(stores, 230_000n);
    const script = await tenant.begin();
    await tenant.apply(script.ended('caller', 2_000, [evidence(Channel.FACE, 0, 2_000)]), script.completed(2_000));
    const { callId } = script;
    const command = { ...tenant.order(callId), policyId: tenant.policyId, version: await tenant.newVersion({ rateMicros: 1_200_000n }), dryRun: false };
    return { tenant, script, callId, reRate: (billing: Billing) => billing.reRateCharge(command), through: (gate: OperationGate) => billingThrough(gate, stores).reRateCharge(command) };
  }

  /** Two looks with ten minutes between: time enough for whoever is only slow. */
  async function sweepTwice(billing: Billing, callId: string): Promise<void> {
    await billing.sweepHolds((id) => id === callId, atMs);
    await billing.sweepHolds((id) => id === callId, atMs);
  }

  async function operationsOfOne(): Promise<number> {
    const counter = new CrashGate();
    await (await reRating()).through(counter);
    return counter.operations;
  }

  test('that crashed and is not asked for again is given back by the sweep, and it can be asked for again', async () => {
    let left = 0;
    for (let at = await operationsOfOne(); at > 0; at -= 1) {
      const { tenant, script, callId, reRate, through } = await reRating();
      await through(new CrashGate(at, 'after')).catch((error: unknown) => expect(error).toBeInstanceOf(Crash));
      const successor = replica(stores);
      await successor.wallets.publishLeft();
      await successor.charges.runLeftEffects([partitionOf(callId)]);
      if (Object.keys((await tenant.wallet()).holds).length > 0) left += 1;
      await sweepTwice(successor, callId);
      const swept = await tenant.played(script);
      expect({ at, holds: swept.wallet.holds, faults: (await verifyLedger(database.db)).faults }).toEqual({ at, holds: {}, faults: [] });
      await reRate(successor);
      const { charged, wallet } = await tenant.played(script);
      expect({ at, charged, balance: wallet.balanceMicros, holds: wallet.holds }).toEqual({ at, charged: 40_000n, balance: 190_000n, holds: {} });
    }
    expect(left).toBeGreaterThan(0);
  }, 300_000);

  test('that stood still past the sweep is not used after it: the money goes to one only, and nothing stays owed', async () => {
    const outcomes = new Set<string>();
    for (let at = await operationsOfOne(); at > 0; at -= 1) {
      const { tenant, script, callId, through } = await reRating();
      const gate = new PauseGate(at);
      const reRated = through(gate).then(() => 'corrected', ({ code }: { code: string }) => code);
      await Promise.race([gate.stopped, reRated]);
      await sweepTwice(replica(stores), callId);
      // By the new version it takes 200 000 of the 210 000, unless 20 000 are held or taken already.
      const another = await tenant.authorize().then(() => 'authorised', ({ code }: { code: string }) => code);
      gate.resume();
      const outcome = [await reRated, another].join(', ');
      outcomes.add(outcome);
      const { charged, wallet } = await tenant.played(script);
      const isCorrected = outcome === 'corrected, wallet.insufficient_balance';
      // What was decided and could not be booked would show here.
      const decided = (await tenant.billing.getReceipt(tenant.accountId, { callId })).charge.published.chargedMicros;
      expect({ at, charged, decided, balance: wallet.balanceMicros, ofCall: Object.keys(wallet.holds).filter((id) => id.startsWith(callId)) }).toEqual({
        at,
        charged: isCorrected ? 40_000n : 20_000n,
        decided: isCorrected ? 40_000n : 20_000n,
        balance: isCorrected ? 190_000n : 210_000n,
        ofCall: [],
      });
    }
    expect([...outcomes].sort()).toEqual(['corrected, wallet.insufficient_balance', 'wallet.insufficient_balance, authorised']);
    expect((await verifyLedger(database.db)).faults).toEqual([]);
  }, 300_000);
});

describe('what is held for late reactions', () => {
  /** A call that was settled at 20 000 micro-units, and its last event, which goes through a gate and costs 30 000 of the 100 000 that are left. */
  async function lateReactions() {
    const tenant = await Tenant.with(stores, 120_000n);
    const script = await tenant.begin();
    await tenant.apply(script.progress('caller', [evidence(Channel.FACE, 0, 2_000)]), script.completed(5_000));
    await tenant.missDeadline(script.callId);
    const late = toConsumedEvent(streamed(script.ended('caller', 5_000, [evidence(Channel.FACE, 2_000, 5_000)])));
    return { tenant, script, callId: script.callId, through: (gate: OperationGate) => billingThrough(gate, stores).applyCallEvents([late]) };
  }

  async function operationsOfOne(): Promise<number> {
    const counter = new CrashGate();
    await (await lateReactions()).through(counter);
    return counter.operations;
  }

  test('is not given back to another call while their event is applied: the money goes to one only, and nothing stays owed', async () => {
    const outcomes = new Set<string>();
    for (let at = await operationsOfOne(); at > 0; at -= 1) {
      const { tenant, script, callId, through } = await lateReactions();
      const gate = new PauseGate(at);
      const applied = through(gate);
      await Promise.race([gate.stopped, applied]);
      // It takes all of the 100 000.
      const another = await tenant.authorize().then(() => 'authorised', ({ code }: { code: string }) => code);
      gate.resume();
      await applied;
      const { charged, wallet } = await tenant.played(script);
      const decided = (await tenant.billing.getReceipt(tenant.accountId, { callId })).charge.published.chargedMicros;
      const isCharged = another === 'wallet.insufficient_balance';
      outcomes.add(another);
      expect({ at, charged, decided, balance: wallet.balanceMicros, ofCall: Object.keys(wallet.holds).filter((id) => id.startsWith(callId)) }).toEqual({
        at,
        charged: isCharged ? 50_000n : 20_000n,
        decided: isCharged ? 50_000n : 20_000n,
        balance: isCharged ? 70_000n : 100_000n,
        ofCall: [],
      });
    }
    expect([...outcomes].sort()).toEqual(['authorised', 'wallet.insufficient_balance']);
    expect((await verifyLedger(database.db)).faults).toEqual([]);
  }, 300_000);

  test('is given back when another correction has the number that it was held under', async () => {
    for (let at = await operationsOfOne(); at > 0; at -= 1) {
      const { tenant, script, callId, through } = await lateReactions();
      const gate = new PauseGate(at);
      const applied = through(gate);
      await Promise.race([gate.stopped, applied]);
      await tenant.billing.refundCharge({ ...tenant.order(callId), amount: euro(1n) });
      gate.resume();
      await applied;
      const { charged, wallet } = await tenant.played(script);
      expect({ at, charged, holds: wallet.holds }).toEqual({ at, charged: 49_999n, holds: {} });
    }
    expect((await verifyLedger(database.db)).faults).toEqual([]);
  }, 300_000);
});
