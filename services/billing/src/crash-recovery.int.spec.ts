import { expect, test } from '@jest/globals';
import { CrashGate, PauseGate, testBus, testDatabase } from '@parley/testing';
import { alice } from './test-support/call-script.ts';
import { story, type Story, type StoryOptions } from './test-support/charging-story.ts';
import { atEach, operationStep, outcome, play, playStopped } from './test-support/crash-story.ts';
import { billingEvents, valuesOf } from './test-support/stream-reader.ts';
import { replica } from './test-support/tenant.ts';

const nats = testBus();
const database = testDatabase();
const stores = { nats, database };

const eachPays = { balanceMicros: 100_000n, eachPays: true };
const whoPays: readonly (readonly [string, StoryOptions])[] = [
  ['one pays', {}],
  ['each pays and events are applied together', { ...eachPays, isBatched: true }],
  ...(operationStep === 1 ? [['each pays', eachPays] as const] : []),
];

test('without a crash the story comes to what it should', async () => {
  const plain = story();
  expect(await play(plain, new CrashGate(), stores)).toBe(false);
  expect(await outcome(plain, stores)).toMatchObject({
    charges: [
      {
        wallet: { balance: '75000n', available: '80000n', holds: {}, entries: '9n' },
        receipt: { totalMicros: '29000n', chargedMs: '2900n', unchargedMs: '500n' },
        isChained: true,
        entries: Array.from({ length: 9 }, () => ({ hash: true })),
      },
    ],
    commands: ['policyVersionCreated', 'defaultPolicySet', 'creditLimitSet'],
  });
  const shares = (await replica(stores).wallets.entries(`${plain.accountId}/${alice}`, 0n, 9)).flatMap(({ share }) => share?.amountMicros ?? []);
  // Each cell adds to the share of the call in all, whatever part of the balance it is drawn from: 29 000 * 333 / 1000.
  expect(shares.reduce((sum, micros) => sum + micros, 0n)).toBe(9_657n);
  const events = await billingEvents(nats.bus, plain);
  expect(valuesOf(events, 'charged').map(({ amount }) => amount?.micros)).toEqual([10_000n, 5_000n, 10_000n, 4_000n]);
});

test('without a crash each side pays what it should, where each does', async () => {
  const plain = story(eachPays);
  expect(await play(plain, new CrashGate(), stores)).toBe(false);
  expect(await outcome(plain, stores)).toMatchObject({
    charges: [
      { wallet: { balance: '71000n', available: '71000n', holds: {} }, receipt: { totalMicros: '29000n' }, isChained: true },
      { wallet: { balance: '78000n', available: '78000n', holds: {} }, receipt: { totalMicros: '22000n' }, isChained: true },
    ],
  });
});

test('events that are applied together come to the same as one by one, in fewer writes', async () => {
  const [apart, batched] = [story(eachPays), story({ ...eachPays, isBatched: true })];
  const [ofApart, ofBatched] = [new CrashGate(), new CrashGate()];
  await play(apart, ofApart, stores);
  await play(batched, ofBatched, stores);
  expect(await outcome(batched, stores)).toEqual(await outcome(apart, stores));
  expect(ofBatched.operations).toBeLessThan(ofApart.operations - 10);
  const revOf = async ({ callId }: Story) => (await database.db.collection<{ _id: string; rev: number }>('charges').findOne({ _id: callId }))!.rev;
  // The authorisation, its grant, the first events, the extension, and the others: of these nothing follows that the wallet has to know before.
  expect([await revOf(batched), await revOf(apart)]).toEqual([4, 10]);
});

test.each(whoPays)('where %s, a crash after operations on database or broker neither loses nor doubles anything', async (_who, options) => {
  const plain = story(options);
  const counter = new CrashGate();
  await play(plain, counter, stores);
  const expected = await outcome(plain, stores);
  expect(counter.operations).toBeGreaterThan(50);
  // A crash before an operation leaves what a crash after the one before it left.
  let crashes = 0;
  await atEach(counter.operations, async (at) => {
    const crashed = story(options);
    if (await play(crashed, new CrashGate(at, 'after'), stores)) crashes += 1;
    const seen = await outcome(crashed, stores);
    expect({ at, seen }).toEqual({ at, seen: expected });
  });
  // Outboxes are cleared together or one by one, as it happens: a story may have an operation less.
  expect(crashes).toBeGreaterThan((counter.operations / operationStep) * 0.9);
}, 600_000);

test.each(whoPays)('where %s, an owner that was stopped before operations and goes on when its successor has settled the call changes nothing', async (_who, options) => {
  const plain = story(options);
  const counter = new CrashGate();
  await play(plain, counter, stores);
  const expected = await outcome(plain, stores);
  expect(counter.operations).toBeGreaterThan(50);
  await atEach(counter.operations, async (at) => {
    const fenced = story(options);
    await playStopped(fenced, new PauseGate(at), stores);
    const seen = await outcome(fenced, stores);
    expect({ at, seen }).toEqual({ at, seen: expected });
  });
}, 600_000);
