import { randomUUID } from 'node:crypto';
import { describe, expect, test } from '@jest/globals';
import { createPublisher, encodeEvent, eventStreams, messageIdHeader, readCallEvents, type BusEvent } from '@parley/bus';
import { Channel, IntervalKind, PriceTerms, type ChargeAuthorization } from '@parley/contracts';
import { eventually, testBus, testDatabase, testKeys } from '@parley/testing';
import { alice, bob, CallScript, evidence, interval } from './test-support/call-script.ts';
import { createSamplePolicy } from './test-support/policy-request.ts';
import { startedBilling, type Clients } from './test-support/started-billing.ts';
import { billingEvents } from './test-support/stream-reader.ts';

const nats = testBus();
const database = testDatabase();
const keys = testKeys();
const service = startedBilling({ nats, database, keys }, { env: { RECOGNITION_TIMEOUT_MS: '1500' } });

interface Prepared {
  readonly clients: Clients;
  readonly script: CallScript;
  readonly charge: ChargeAuthorization;
}

async function authorizedCall(balanceMicros = 1_000_000n): Promise<Prepared> {
  const accountId = `account-${randomUUID().slice(0, 8)}`;
  const clients = await service.clients(accountId);
  const { policyId } = await createSamplePolicy(clients.billing, { freePeriodMs: 500n, prices: PriceTerms.fromPartial({ hostPermille: 333 }) });
  await topUp(clients, balanceMicros);
  const script = new CallScript(accountId);
  const { authorization } = await clients.authorization.authorizeCharge({ callId: script.callId, from: alice, to: bob, policyId });
  return { clients, script, charge: authorization! };
}

const topUp = ({ billing }: Clients, micros: bigint) => billing.topUpWallet({ requestId: randomUUID(), address: alice, amount: { currency: 'EUR', micros } });

async function publish(...events: readonly BusEvent[]): Promise<void> {
  const publisher = createPublisher(nats.bus);
  for (const event of events) await publisher.publish(event);
}

const told = (script: CallScript, type: string) => eventually(async () => expect((await billingEvents(nats.bus, script)).map((event) => event.type)).toContain(`billing.${type}`));
const explained = ({ clients, script }: Prepared) => clients.billing.explainCharge({ callId: script.callId });
const stored = async ({ clients, script }: Prepared) => (await clients.billing.getReceipt({ callId: script.callId })).receipt;

async function settledCall(): Promise<Prepared> {
  const call = await authorizedCall();
  const { script, charge } = call;
  await publish(script.initiated(charge), script.dialled(), script.videoStarted('caller'), script.observing('caller'));
  await publish(script.progress('caller', [evidence(Channel.FACE, 0, 2_500), interval(IntervalKind.ABSENT, 2_500, 3_200)]));
  await publish(script.ended('caller', 5_300, [evidence(Channel.TEXT, 3_200, 5_300)]), script.completed(5_350));
  await told(script, 'settled');
  return call;
}

describe('a charge that follows from its events', () => {
  test('of a settled call is recomputed, identical', async () => {
    const call = await settledCall();
    const { receipt, identical, differences } = await explained(call);
    expect({ identical, differences }).toEqual({ identical: true, differences: [] });
    expect(receipt).toEqual(await stored(call));
    expect(receipt).toMatchObject({ settled: true, total: { micros: 41_000n } });
  });

  test('of a call that ran out of money, went on after a top-up and ran out for good is, too', async () => {
    const call = await authorizedCall(120_000n);
    const { script, charge, clients } = call;
    await publish(script.initiated(charge), script.videoStarted('caller'), script.observing('caller'), script.progress('caller', [evidence(Channel.FACE, 0, 13_000)]));
    await told(script, 'balance_exhausted');
    expect(await explained(call)).toMatchObject({ identical: true, differences: [] });
    await topUp(clients, 55_000n);
    await publish(script.progress('caller', [evidence(Channel.VOICE, 13_000, 22_000)]), script.ended('caller', 24_000), script.completed(24_000));
    await told(script, 'settled');
    expect(await explained(call)).toMatchObject({ identical: true, differences: [], receipt: { total: { micros: 175_000n } } });
  });

  test('of a call that goes on is, to where it was applied', async () => {
    const call = await authorizedCall();
    const { script, charge, clients } = call;
    await publish(script.initiated(charge), script.videoStarted('caller'), script.observing('caller'), script.progress('caller', [evidence(Channel.FACE, 0, 3_400)]));
    await clients.authorization.extendGrant({ callId: script.callId });
    await told(script, 'charged');
    expect(await explained(call)).toMatchObject({ identical: true, differences: [], receipt: { settled: false, chargedMs: 2_900n } });
  });

  test('of a call without the end of its reaction, adjusted later, is', async () => {
    const call = await authorizedCall();
    const { script, charge } = call;
    await publish(script.initiated(charge), script.videoStarted('caller'), script.progress('caller', [evidence(Channel.FACE, 0, 2_500)]), script.completed(8_300));
    await told(script, 'settled');
    expect(await explained(call)).toMatchObject({ identical: true, differences: [], receipt: { settleReason: 'recognition_lost' } });
    await publish(script.ended('caller', 8_300, [evidence(Channel.TEXT, 2_500, 8_300)]));
    await told(script, 'adjusted');
    expect(await explained(call)).toMatchObject({ identical: true, differences: [], receipt: { total: { micros: 78_000n } } });
  });
});

describe('a charge that does not follow is told from one that does', () => {
  test('when the database says that less was observed', async () => {
    const call = await settledCall();
    await database.db.collection('charges').updateOne({ _id: call.script.callId as never }, { $set: { 'charge.observed.timeline.0.toMs': 2_000n, 'charge.observed.timeline.1.fromMs': 2_000n } });
    const { receipt, identical, differences } = await explained(call);
    expect({ identical, differences }).toEqual({ identical: false, differences: ['the stored receipt: lines[1].toMs is 2000, and should be 2500'] });
    expect(receipt?.total?.micros).toBe(41_000n);
  });

  test('when an event was published with another amount; the first one is named', async () => {
    const call = await settledCall();
    const events = await billingEvents(nats.bus, call.script);
    await remove('billing', events[2]!.streamSequence, events[3]!.streamSequence);
    const data = structuredClone(events[2]!.data);
    if (data.class === 'billing' && data.value.event?.$case === 'charged') data.value.event.value.amount = { currency: 'EUR', micros: 9_999n };
    await republish({ ...events[2]!, data }, events[3]!);
    const { differences } = await explained(call);
    expect(differences).toEqual(['billing.charged, event 2: data.value.event.value.amount.micros is 9999, and should be 10000']);
  });

  test('when an event is missing, of its own or of the call', async () => {
    const call = await settledCall();
    const last = (await billingEvents(nats.bus, call.script)).at(-1)!;
    await remove('billing', last.streamSequence);
    const { callId } = call.script;
    expect((await explained(call)).differences).toEqual([`event ${last.sequence} of billing is not in its stream`]);
    const places = await placesOf('reaction', callId);
    await remove('reaction', places[1]!);
    expect((await explained(call)).differences).toContain('event 1 of reaction/caller is not in its stream');
  });

  test('when an event was published twice, with two contents', async () => {
    const call = await settledCall();
    const { callId } = call.script;
    const [started] = await billingEvents(nats.bus, call.script);
    await republish({ ...started!, data: { class: 'billing', value: { event: { $case: 'suspended', value: { atMs: 0n, reason: 1 } } } } });
    expect((await explained(call)).differences).toEqual([`${callId}-billing-0 was published twice, with two contents`]);
  });
});

test('a receipt whose events are no longer kept cannot be recomputed, and says so', async () => {
  const call = await settledCall();
  const [first] = await placesOf('call', call.script.callId);
  await remove('call', first!);
  await expect(explained(call)).rejects.toMatchObject({ code: 'receipt.events_expired' });
  expect(await stored(call)).toMatchObject({ settled: true });
});

test("another account's call, a free one and one that never was have no receipt", async () => {
  const call = await settledCall();
  const { billing } = await service.clients('another-account');
  await expect(billing.explainCharge({ callId: call.script.callId })).rejects.toMatchObject({ code: 'not_found.receipt' });
  await expect(call.clients.billing.explainCharge({ callId: `CA${'0'.repeat(32)}` })).rejects.toMatchObject({ code: 'not_found.receipt' });
  await expect(call.clients.billing.explainCharge({ callId: 'no call id' })).rejects.toMatchObject({ code: 'request.invalid_argument' });
});

async function remove(eventClass: 'call' | 'reaction' | 'billing', ...places: readonly number[]): Promise<void> {
  for (const place of places) await nats.bus.jsm.streams.deleteMessage(eventStreams[eventClass], place);
}

/** Past the broker's own look at ids, which it keeps for two minutes. */
async function republish(...events: readonly BusEvent[]): Promise<void> {
  const publisher = createPublisher(nats.bus);
  for (const event of events) {
    const { headers, ...message } = encodeEvent(event);
    await publisher.publish({ ...message, headers: { ...headers, [messageIdHeader]: randomUUID() } });
  }
}

async function placesOf(eventClass: 'call' | 'reaction', callId: string): Promise<number[]> {
  return (await readCallEvents(nats.bus, eventClass, { callId })).map(({ event }) => event.streamSequence);
}
