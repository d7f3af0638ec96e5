import { expect, test } from '@jest/globals';
import { createPublisher, partitionOf } from '@parley/bus';
import { Crash, CrashGate, PauseGate, testBus, testDatabase, type OperationGate } from '@parley/testing';
import { createBilling, type Billing } from './billing.ts';
import { entryEncodingOf } from './domain/ledger-entry.ts';
import { receiptOf } from './domain/receipt.ts';
import { availableMicros } from './domain/wallet.ts';
import { sha256 } from './store/sha256.ts';
import { alice } from './test-support/call-script.ts';
import { story, type Story } from './test-support/charging-story.ts';
import { billingEvents, ledgerEvents, valuesOf } from './test-support/stream-reader.ts';

const nats = testBus();
const database = testDatabase();
const timeouts = { recognitionMs: 30_000n, authorizationMs: 120_000n, silenceMs: 3_600_000n };

function billingThrough(gate: OperationGate): Billing {
  return createBilling({ db: gate.db(database.db), publisher: gate.publisher(createPublisher(nats.bus)), timeouts });
}

/** Plays the story; after the crash a new process takes over, and what was not finished comes again. */
async function play({ steps, callId }: Story, gate: CrashGate): Promise<boolean> {
  const first = billingThrough(gate);
  for (const [index, step] of steps.entries()) {
    try {
      await step(first);
    } catch (error) {
      if (!(error instanceof Crash)) throw error;
      await takeOver({ steps, callId }, index);
      return true;
    }
  }
  return false;
}

/** A new process does what is left, and what the one before it may not have finished. */
async function takeOver({ steps, callId }: Pick<Story, 'steps' | 'callId'>, index: number): Promise<void> {
  const second = billingThrough(new CrashGate());
  await second.wallets.publishLeft();
  await second.policies.publishLeft();
  await second.charges.runLeftEffects([partitionOf(callId)]);
  for (const again of steps.slice(Math.max(0, index - 1))) await again(second);
}

/** Plays the story, stopped in its middle; when it goes on, a new process has done all of it. */
async function playStopped(story: Story, gate: PauseGate): Promise<void> {
  const { steps } = story;
  const first = billingThrough(gate);
  let standsAt = 0;
  const playing = (async () => {
    for (const [index, step] of steps.entries()) {
      standsAt = index;
      // What it asks for a call that is settled by then is refused.
      await step(first).catch((error: unknown) => expect(error).toMatchObject({ code: 'grant.ended' }));
    }
  })();
  await Promise.race([gate.stopped, playing]);
  await takeOver(story, standsAt);
  gate.resume();
  await playing;
}

/** All that can be seen from outside, without the names that differ from story to story. */
async function outcome({ accountId, callId }: Story): Promise<unknown> {
  const billing = billingThrough(new CrashGate());
  const walletId = `${accountId}/${alice}`;
  const wallet = (await billing.wallets.find(walletId))!;
  const { charge } = await billing.getReceipt(accountId, callId);
  const entries = await billing.wallets.entries(walletId, 0n, 100);
  const ledger = await ledgerEvents(nats.bus, accountId);
  const posted = ledger.flatMap(({ event }) => (event?.$case === 'entryPosted' ? [event.value.entry!.entryId] : []));
  const commands = ledger.flatMap(({ event }) => (event?.$case === 'entryPosted' ? [] : [event?.$case]));
  const events = await billingEvents(nats.bus, { accountId, callId });
  const seen = {
    wallet: { balance: wallet.balanceMicros, available: availableMicros(wallet), holds: wallet.holds, entries: wallet.nextEntry },
    receipt: receiptOf(charge),
    // The hashes cover the names; that they make a chain is the same in each story.
    entries: entries.map((entry) => ({ ...entry, hash: entry.hash === sha256(entryEncodingOf(entry)), previousHash: undefined })),
    isChained: entries.every(({ previousHash }, index) => previousHash === (entries[index - 1]?.hash ?? '')) && entries.at(-1)?.hash === wallet.headHash,
    posted: posted.sort((one, other) => one.localeCompare(other)),
    commands,
    events: events.map(({ sequence, type, time, data }) => ({ sequence, type, time, data })),
  };
  const names = new RegExp(`${accountId}|${callId}|pol-[0-9a-f]{20}`, 'g');
  return JSON.parse(JSON.stringify(seen, (_, value: unknown) => (typeof value === 'bigint' ? `${value}n` : value)).replace(names, 'x'));
}

test('without a crash the story comes to what it should', async () => {
  const plain = story();
  expect(await play(plain, new CrashGate())).toBe(false);
  expect(await outcome(plain)).toMatchObject({
    wallet: { balance: '75000n', available: '80000n', holds: {}, entries: '9n' },
    receipt: { totalMicros: '29000n', chargedMs: '2900n', unchargedMs: '500n' },
    isChained: true,
    entries: Array.from({ length: 9 }, () => ({ hash: true })),
    commands: ['policyVersionCreated', 'defaultPolicySet', 'creditLimitSet'],
  });
  const events = await billingEvents(nats.bus, plain);
  expect(valuesOf(events, 'charged').map(({ amount }) => amount?.micros)).toEqual([10_000n, 5_000n, 10_000n, 4_000n]);
});

test.each(['before', 'after'] as const)(
  'a crash %s any operation on database or broker neither loses nor doubles anything',
  async (when) => {
    const plain = story();
    const counter = new CrashGate();
    await play(plain, counter);
    const expected = await outcome(plain);
    expect(counter.operations).toBeGreaterThan(60);
    for (let at = 1; at <= counter.operations; at += 1) {
      const crashed = story();
      expect(await play(crashed, new CrashGate(at, when))).toBe(true);
      const seen = await outcome(crashed);
      expect({ at, seen }).toEqual({ at, seen: expected });
    }
  },
  600_000,
);

test('an owner that was stopped before any operation and goes on when its successor has settled the call changes nothing', async () => {
  const plain = story();
  const counter = new CrashGate();
  await play(plain, counter);
  const expected = await outcome(plain);
  const stoppedAt = async (at: number): Promise<void> => {
    const fenced = story();
    await playStopped(fenced, new PauseGate(at));
    const seen = await outcome(fenced);
    expect({ at, seen }).toEqual({ at, seen: expected });
  };
  expect(counter.operations).toBeGreaterThan(60);
  // The stories have nothing to do with each other: some at a time.
  const each = Array.from({ length: counter.operations }, (_, index) => index + 1).values();
  await Promise.all(Array.from({ length: 8 }, async () => {
    for (const at of each) await stoppedAt(at);
  }));
}, 300_000);
