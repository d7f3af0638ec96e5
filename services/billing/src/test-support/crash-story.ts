import { createPublisher, partitionOf } from '@parley/bus';
import { expect } from '@jest/globals';
import { Crash, CrashGate, type OperationGate, type PauseGate } from '@parley/testing';
import { createBilling, type Billing } from '../billing.ts';
import type { Party } from '../domain/charge.ts';
import { entryEncodingOf } from '../domain/ledger-entry.ts';
import { receiptOf } from '../domain/receipt.ts';
import { availableMicros } from '../domain/wallet.ts';
import { toReceipt } from '../grpc/convert.ts';
import { sha256 } from '../store/sha256.ts';
import { alice, bob } from './call-script.ts';
import type { Story } from './charging-story.ts';
import { billingEvents, ledgerEvents } from './stream-reader.ts';
import { timeouts, type Stores } from './tenant.ts';

/** A process that ends, or is stopped, where the gate says. */
export function billingThrough(gate: OperationGate, { nats, database }: Stores): Billing {
  return createBilling({ db: gate.db(database.db), publisher: gate.publisher(createPublisher(nats.bus)), timeouts });
}

/** For tests: plays the story; after the crash a new process takes over, and what was not finished comes again. */
export async function play(story: Story, gate: CrashGate, stores: Stores): Promise<boolean> {
  const first = billingThrough(gate, stores);
  for (const [index, step] of story.steps.entries()) {
    try {
      await step(first);
    } catch (error) {
      if (!(error instanceof Crash)) throw error;
      await takeOver(story, index, stores);
      return true;
    }
  }
  return false;
}

/** All operations take minutes: each third meets every kind. `EVERY_OPERATION=1` has them all. */
export const operationStep = process.env['EVERY_OPERATION'] === undefined ? 3 : 1;

/** Operations by their numbers, from 1. The stories have nothing to do with each other: some at a time. */
export async function atEach(operations: number, run: (at: number) => Promise<void>): Promise<void> {
  const numbers = Array.from({ length: Math.ceil(operations / operationStep) }, (_, index) => index * operationStep + 1).values();
  const lane = async (): Promise<void> => {
    for (const at of numbers) await run(at);
  };
  await Promise.all(Array.from({ length: 8 }, lane));
}

/** A new process does what is left, and what the one before it may not have finished. */
async function takeOver({ steps, callId }: Story, index: number, stores: Stores): Promise<void> {
  const second = billingThrough(new CrashGate(), stores);
  await second.wallets.publishLeft();
  await second.policies.publishLeft();
  await second.charges.runLeftEffects([partitionOf(callId)]);
  for (const again of steps.slice(Math.max(0, index - 1))) await again(second);
}

/** Plays the story, stopped in its middle; when it goes on, a new process has done all of it. */
export async function playStopped(story: Story, gate: PauseGate, stores: Stores): Promise<void> {
  const first = billingThrough(gate, stores);
  let standsAt = 0;
  const playing = (async () => {
    for (const [index, step] of story.steps.entries()) {
      standsAt = index;
      // What it asks for a call that is settled by then is refused.
      await step(first).catch((error: unknown) => expect(error).toMatchObject({ code: 'grant.ended' }));
    }
  })();
  await Promise.race([gate.stopped, playing]);
  await takeOver(story, standsAt, stores);
  gate.resume();
  await playing;
}

/** All that can be seen from outside, without the names that differ from story to story. */
export async function outcome({ accountId, callId, payers }: Story, stores: Stores): Promise<unknown> {
  const { nats } = stores;
  const ledger = await ledgerEvents(nats.bus, accountId);
  const posted = ledger.flatMap(({ event }) => (event?.$case === 'entryPosted' ? [event.value.entry!.entryId] : []));
  const commands = ledger.flatMap(({ event }) => (event?.$case === 'entryPosted' ? [] : [event?.$case]));
  const events = (await billingEvents(nats.bus, { accountId, callId })).sort((one, other) => one.source.localeCompare(other.source) || Number(one.sequence - other.sequence));
  const seen = {
    charges: await Promise.all(payers.map((payer) => chargeSeen({ accountId, callId }, payer, stores))),
    posted: posted.sort((one, other) => one.localeCompare(other)),
    commands,
    events: events.map(({ source, sequence, type, time, data }) => ({ source, sequence, type, time, data })),
  };
  const names = new RegExp(`${accountId}|${callId}|pol-[0-9a-f]{20}`, 'g');
  return JSON.parse(JSON.stringify(seen, (_, value: unknown) => (typeof value === 'bigint' ? `${value}n` : value)).replace(names, 'x'));
}

/** Of one of those who pay. */
async function chargeSeen({ accountId, callId }: Pick<Story, 'accountId' | 'callId'>, payer: Party, stores: Stores): Promise<unknown> {
  const billing = billingThrough(new CrashGate(), stores);
  const walletId = `${accountId}/${payer === 'caller' ? alice : bob}`;
  const wallet = (await billing.wallets.find(walletId))!;
  const record = await billing.getReceipt(accountId, { callId, payer });
  const { corrections, correctedTotal, disputes } = toReceipt(record);
  const entries = await billing.wallets.entries(walletId, 0n, 100);
  return {
    wallet: { balance: wallet.balanceMicros, available: availableMicros(wallet), holds: wallet.holds, entries: wallet.nextEntry },
    receipt: receiptOf(record.charge),
    corrected: { corrections, correctedTotal, disputes },
    // The hashes cover the names; that they make a chain is the same in each story.
    entries: entries.map((entry) => ({ ...entry, hash: entry.hash === sha256(entryEncodingOf(entry)), previousHash: undefined })),
    isChained: entries.every(({ previousHash }, index) => previousHash === (entries[index - 1]?.hash ?? '')) && entries.at(-1)?.hash === wallet.headHash,
  };
}
