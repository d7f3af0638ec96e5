import { randomUUID } from 'node:crypto';
import { expect, test } from '@jest/globals';
import { createPublisher, partitionOf, type BusEvent } from '@parley/bus';
import { Channel, IntervalKind, type CallInitiated, type ChargeAuthorization } from '@parley/contracts';
import { Crash, CrashGate, PauseGate, testBus, testDatabase, type OperationGate } from '@parley/testing';
import { createBilling, type Billing } from './billing.ts';
import { toConsumedEvent } from './bus/consumed-event.ts';
import { toChargeAuthorization } from './bus/convert.ts';
import { entryEncodingOf } from './domain/ledger-entry.ts';
import { receiptOf } from './domain/receipt.ts';
import { availableMicros } from './domain/wallet.ts';
import { sha256 } from './store/sha256.ts';
import { alice, CallScript, evidence, interval, originMs, streamed } from './test-support/call-script.ts';
import { sampleTerms } from './test-support/sample-terms.ts';
import { billingEvents, ledgerEvents, valuesOf } from './test-support/stream-reader.ts';

const nats = testBus();
const database = testDatabase();
const timeouts = { recognitionMs: 30_000n, authorizationMs: 120_000n, silenceMs: 3_600_000n };
const atMs = BigInt(originMs);

/** What a client and the producers do, in order; each step may be done again. */
interface Story {
  readonly accountId: string;
  readonly callId: string;
  readonly steps: readonly ((billing: Billing) => Promise<unknown>)[];
}

function story(): Story {
  const accountId = `account-${randomUUID().slice(0, 12)}`;
  const script = new CallScript(accountId);
  const { callId } = script;
  const cause = { id: 'request', atMs, traceparent: '' };
  const terms = sampleTerms({ grantMs: 2_000n });
  const known: { policyId: string; charge?: ChargeAuthorization } = { policyId: '' };
  const apply = (event: BusEvent) => (billing: Billing) => billing.applyCallEvent(toConsumedEvent(streamed(event)));
  // The first event's content is known only once the call is authorised; its place in the sequence is taken here.
  const initiated = script.initiated();
  const rest = [
    apply(script.videoStarted('caller')),
    apply(script.progress('caller', [evidence(Channel.FACE, 0, 1_500)])),
    (billing: Billing) => billing.extendGrant({ accountId, callId, cause }),
    apply(script.progress('caller', [interval(IntervalKind.ABSENT, 1_500, 2_000), evidence(Channel.VOICE, 2_000, 3_000)])),
    apply(script.completed(3_400)),
    apply(script.ended('caller', 3_400, [evidence(Channel.TEXT, 3_000, 3_400)])),
  ];
  const steps: Story['steps'] = [
    async (billing) => {
      const policy = await billing.createPolicy({ accountId, requestId: 'policy', policyId: '', terms, atMs });
      known.policyId = policy.policyId;
    },
    (billing) => billing.setDefaultPolicy({ accountId, policyId: known.policyId, atMs }),
    (billing) => billing.topUpWallet({ accountId, requestId: 'top-up', address: alice, amount: { currency: 'EUR', micros: 100_000n }, atMs }),
    async (billing) => {
      const { terms, grantedMs } = (await billing.authorizeCharge({ accountId, callId, from: alice, policyId: '', cause }))!;
      known.charge = toChargeAuthorization(terms, grantedMs);
    },
    (billing) => apply(charged(initiated, known.charge!))(billing),
    ...rest,
  ];
  return { accountId, callId, steps };
}

function charged(event: BusEvent, charge: ChargeAuthorization): BusEvent {
  const { value } = event.data as Extract<BusEvent['data'], { class: 'call' }>;
  const initiated = { ...(value.event!.value as CallInitiated), charge };
  return { ...event, data: { class: 'call', value: { ...value, event: { $case: 'initiated', value: initiated } } } };
}

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
    wallet: { balance: '71000n', available: '71000n', holds: {}, entries: '5n' },
    receipt: { totalMicros: '29000n', chargedMs: '2900n', unchargedMs: '500n' },
    isChained: true,
    entries: Array.from({ length: 5 }, () => ({ hash: true })),
    commands: ['policyVersionCreated', 'defaultPolicySet'],
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
  300_000,
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
