import { expect, test } from '@jest/globals';
import { Channel } from '@parley/contracts';
import { CrashGate, testBus, testDatabase } from '@parley/testing';
import { plainPrices } from './domain/price.ts';
import { evidence } from './test-support/call-script.ts';
import type { Story } from './test-support/charging-story.ts';
import { atEach, operationStep, outcome, play } from './test-support/crash-story.ts';
import { Tenant } from './test-support/tenant.ts';
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
