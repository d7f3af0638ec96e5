import { describe, expect, test } from '@jest/globals';
import { Channel, ChargeReason, IntervalKind, type ReactionInterval } from '@parley/contracts';
import { isParleyError } from '@parley/errors';
import { testBus, testDatabase } from '@parley/testing';
import { toChargeAuthorization } from './bus/convert.ts';
import { toConsumedEvent } from './bus/consumed-event.ts';
import type { PolicyTerms } from './domain/policy-terms.ts';
import { availableMicros, reservedMicros } from './domain/wallet.ts';
import { CallScript, evidence, interval, newCallId, streamed } from './test-support/call-script.ts';
import { linesOf } from './test-support/receipt-oracle.ts';
import { billingEvents, valuesOf } from './test-support/stream-reader.ts';
import { replica, Tenant } from './test-support/tenant.ts';

// What users of other systems for charging complain about, by the thread in which they do, and that it does not happen here.
// On a real broker and database; two replicas, where it takes two.

const nats = testBus();
const database = testDatabase();
const stores = { nats, database };
const tenantWith = (balanceMicros: bigint, terms: Partial<PolicyTerms> = {}) => Tenant.with(stores, balanceMicros, terms);

const codeOf = (asked: Promise<unknown>): Promise<string> => asked.then(() => 'ok', (error: unknown) => (isParleyError(error) ? error.code : String(error)));
const face = (fromMs: number, toMs: number): ReactionInterval => evidence(Channel.FACE, fromMs, toMs);
const seconds = (count: number): ReactionInterval[] => Array.from({ length: count }, (_, nth) => face(nth * 1_000, (nth + 1) * 1_000));

describe('credit', () => {
  test('cgrates#568: a debit takes the balance below zero', async () => {
    const { wallet, charged } = await (await tenantWith(100_000n)).play(seconds(60));
    expect([wallet.balanceMicros, charged]).toEqual([0n, 100_000n]);
  });

  test('cgrates#568: a debit takes the balance below what was given as credit', async () => {
    const tenant = await tenantWith(100_000n);
    await tenant.setCreditLimit(50_000n);
    const { wallet, charged } = await tenant.play(seconds(60));
    expect([wallet.balanceMicros, charged, availableMicros(wallet)]).toEqual([-50_000n, 150_000n, 0n]);
  });

  test('cgrates#457: a call is authorised at a balance of zero', async () => {
    const tenant = await tenantWith(0n);
    expect(await codeOf(tenant.authorize())).toBe('wallet.insufficient_balance');
    await tenant.topUp('little', 99_999n);
    expect(await codeOf(tenant.authorize())).toBe('wallet.insufficient_balance');
  });

  test('cgrates#895, freeswitch#621, magnusbilling#343: a call goes on when nothing is left', async () => {
    const tenant = await tenantWith(100_000n);
    const callId = newCallId();
    expect((await tenant.authorize(callId))?.grantedMs).toBe(10_000n);
    // The call router ends the call at the end of its grant.
    expect(await codeOf(tenant.extend(callId))).toBe('wallet.insufficient_balance');
  });

  test('cgrates#4855: a call cannot be extended after a top-up in its middle', async () => {
    const tenant = await tenantWith(100_000n);
    const callId = newCallId();
    await tenant.authorize(callId);
    expect(await codeOf(tenant.extend(callId))).toBe('wallet.insufficient_balance');
    await tenant.topUp('more', 100_000n);
    expect(await tenant.extend(callId)).toBe(20_000n);
  });

  test('magnusbilling#38, open-saas#727: simultaneous calls pass on the credit for one', async () => {
    const tenant = await tenantWith(199_999n);
    const other = replica(stores);
    const outcomes = await Promise.all(Array.from({ length: 30 }, (_, nth) => codeOf(tenant.authorize(newCallId(), nth % 2 === 0 ? tenant.billing : other))));
    expect(outcomes.filter((outcome) => outcome === 'ok')).toHaveLength(1);
    expect(availableMicros(await tenant.wallet())).toBe(99_999n);
  });

  test('cgrates#1490: where credit runs out, the record says something else than was charged', async () => {
    const { receipt, charged } = await (await tenantWith(123_456n)).play([face(0, 20_000)]);
    expect(receipt.total?.micros).toBe(charged);
    expect(receipt.lines.map(({ reason }) => reason)).toEqual([ChargeReason.FACE, ChargeReason.NOT_GRANTED]);
  });

  test('cgrates#69: what is held for a call that is over stays held', async () => {
    const { wallet } = await (await tenantWith(1_000_000n)).play([face(0, 1_500)]);
    expect(reservedMicros(wallet)).toBe(0n);
  });

  test('cgrates#69: a session that went stale is refunded, and once more when its end comes twice', async () => {
    const tenant = await tenantWith(1_000_000n);
    const neverBegun = newCallId();
    await tenant.authorize(neverBegun);
    await tenant.missDeadline(neverBegun);
    const script = await tenant.begin();
    await tenant.apply(script.progress('caller', [face(0, 1_500)]));
    const end = [script.ended('caller', 1_500), script.completed(1_500)];
    // Nothing is heard any more; then its end comes after all, again and again.
    await tenant.missDeadline(script.callId);
    await tenant.apply(...end, ...end);
    const { wallet, charged, told } = await tenant.played(script);
    expect([charged, wallet.balanceMicros, wallet.holds, valuesOf(told, 'adjusted')]).toEqual([15_000n, 985_000n, {}, []]);
  });
});

describe('rounding', () => {
  test('cgrates#361, #118: each increment is rounded, so that the sum is not the price of the call', async () => {
    const terms = { rateMicros: 1n, unitMs: 3_000n, rounding: 'half-up' } as const;
    const tenant = await tenantWith(1_000n, terms);
    const { receipt, charged } = await tenant.play(seconds(10));
    // 10/3, once; each second by itself is a third and would round to nothing.
    expect([charged, receipt.total?.micros]).toEqual([3n, 3n]);
  });

  test('cgrates#3018: the same time costs another amount if it is cut otherwise', async () => {
    const terms = { rateMicros: 7n, unitMs: 1_300n, entryGridMs: 700n };
    const [whole, cut] = await Promise.all([[face(0, 9_700)], [face(0, 1), face(1, 4_321), face(4_321, 9_699), face(9_699, 9_700)]].map(async (intervals) => (await tenantWith(1_000n, terms)).play(intervals)));
    expect(cut!.charged).toBe(whole!.charged);
    expect(linesOf(cut!.receipt)).toEqual(linesOf(whole!.receipt));
  });

  test('cgrates#3018: prepaid and postpaid, the same call costs another amount', async () => {
    const terms = { rateMicros: 7n, unitMs: 1_300n, entryGridMs: 700n, grantMs: 5_000n };
    const intervals = [face(0, 333), interval(IntervalKind.ABSENT, 333, 1_000), face(1_000, 23_456)];
    const prepaid = await tenantWith(1_000n, terms);
    const postpaid = await tenantWith(0n, terms);
    await postpaid.setCreditLimit(1_000n);
    const [one, other] = await Promise.all([prepaid, postpaid].map((tenant) => tenant.play(intervals)));
    expect(other!.charged).toBe(one!.charged);
    expect(linesOf(other!.receipt)).toEqual(linesOf(one!.receipt));
    expect([one!.wallet.balanceMicros, other!.wallet.balanceMicros]).toEqual([1_000n - one!.charged, -one!.charged]);
  });

  test('magnusbilling#592, pk-sbc#166: 6.1 seconds are billed as 12 or as 6, 3 seconds as 4', async () => {
    const tenant = await tenantWith(1_000_000n);
    expect((await tenant.play([face(0, 6_100)])).charged).toBe(61_000n);
    expect((await tenant.play([face(0, 3_000)])).charged).toBe(30_000n);
  });

  test('lago-api#4639: a top-up of 17.965 comes out as 17.96 here and as 17.97 there', async () => {
    const tenant = await tenantWith(0n);
    const { wallet, entry } = await tenant.topUp('one', 17_965_000n);
    expect([wallet.balanceMicros, entry.amountMicros, entry.balanceAfterMicros]).toEqual([17_965_000n, 17_965_000n, 17_965_000n]);
  });

  test('killbill#494, #1124: 0.999 is rounded here this way and there that way, and fractions stop an account', async () => {
    const cents = { rateMicros: 999_000n, unitMs: 1_000n, roundingIncrementMicros: 10_000n };
    for (const [rounding, micros] of [['down', 990_000n], ['half-even', 1_000_000n], ['up', 1_000_000n]] as const) {
      const { receipt, charged } = await (await tenantWith(20_000_000n, { ...cents, rounding })).play([face(0, 1_000)]);
      expect([rounding, charged, receipt.total?.micros]).toEqual([rounding, micros, micros]);
    }
    const fractions = await tenantWith(20_000_000n, { rateMicros: 1n, unitMs: 1_000n });
    expect((await fractions.play(seconds(7))).charged).toBe(7n);
    expect((await fractions.play(seconds(7))).charged).toBe(7n);
  });
});

describe('time', () => {
  test('ASTPP#151, #45: free seconds are charged, or the record does not show them', async () => {
    const { receipt, charged } = await (await tenantWith(1_000_000n, { freePeriodMs: 2_000n })).play([face(0, 5_000)]);
    expect(charged).toBe(30_000n);
    expect(receipt.lines.map(({ toMs, reason }) => [toMs, reason])).toEqual([[2_000n, ChargeReason.FREE_PERIOD], [5_000n, ChargeReason.FACE]]);
  });

  test('a2billing#9: a call in which nothing is charged uses free time up', async () => {
    const tenant = await tenantWith(1_000_000n, { freePeriodMs: 2_000n });
    expect((await tenant.play([interval(IntervalKind.ABSENT, 0, 1_900)])).charged).toBe(0n);
    expect((await tenant.play([face(0, 2_000)])).charged).toBe(0n);
  });

  test('killbill#1438: what lies on the edge of an interval is lost, or counts twice', async () => {
    const { charged, receipt } = await (await tenantWith(1_000_000n)).play([face(0, 1_000), interval(IntervalKind.ABSENT, 1_000, 1_001), face(1_001, 2_000)]);
    expect([charged, receipt.chargedMs, receipt.unchargedMs]).toEqual([19_990n, 1_999n, 1n]);
  });
});

describe('once', () => {
  test('openmeter#5118, flexprice#2763: an event that comes again is metered twice, or not at all', async () => {
    const thrice = await (await tenantWith(1_000_000n)).play(seconds(5), (events) => events.flatMap((event) => [event, event, event]));
    expect([thrice.charged, thrice.entries.length]).toEqual([50_000n, 5]);
  });

  test('lago-api#4725, #4744, #5416: late and repeated events are billed again', async () => {
    const { charged, told } = await (await tenantWith(1_000_000n)).play(seconds(5), (events) => [...events, ...events]);
    expect(charged).toBe(50_000n);
    expect(valuesOf(told, 'settled')).toHaveLength(1);
  });

  test('Vexa#330: each attempt to publish makes an event of another id', async () => {
    const { told } = await (await tenantWith(1_000_000n)).play(seconds(3), (events) => events.flatMap((event) => [event, event]));
    expect(new Set(told.map(({ id }) => id)).size).toBe(told.length);
    expect(told.map(({ sequence }) => sequence)).toEqual(told.map((_, nth) => BigInt(nth)));
  });

  test('lago-api#5870: a top-up that is sent twice is booked twice', async () => {
    const tenant = await tenantWith(0n);
    const entries = await Promise.all(Array.from({ length: 50 }, (_, nth) => tenant.topUp('once', 5n, nth % 2 === 0 ? tenant.billing : replica(stores))));
    expect(new Set(entries.map(({ entry }) => entry.number)).size).toBe(1);
    expect((await tenant.wallet()).balanceMicros).toBe(5n);
    expect(await codeOf(tenant.topUp('once', 6n))).toBe('request.idempotency_conflict');
  });

  test('lago-api#3618: two that settle at the same time settle twice', async () => {
    const tenant = await tenantWith(1_000_000n);
    const other = replica(stores);
    const script = new CallScript(tenant.accountId);
    const { terms, grantedMs } = (await tenant.authorize(script.callId))!;
    const charge = toChargeAuthorization(terms, grantedMs);
    for (const event of [script.initiated(charge), script.videoStarted('caller'), script.progress('caller', [face(0, 2_500)]), script.ended('caller', 2_500), script.completed(2_500)]) {
      await Promise.all([tenant.billing, other].map((billing) => billing.applyCallEvents([toConsumedEvent(streamed(event))])));
    }
    expect(valuesOf(await billingEvents(nats.bus, script), 'settled')).toHaveLength(1);
    expect((await tenant.wallet()).balanceMicros).toBe(975_000n);
  });
});

describe('what is put right', () => {
  test('cgrates#48: a call that is rated again is debited again', async () => {
    const tenant = await tenantWith(1_000_000n);
    const { callId, script } = await tenant.play(seconds(5));
    const dearer = await tenant.newVersion({ rateMicros: 1_200_000n });
    for (let nth = 0; nth < 5; nth += 1) await tenant.reRate(callId, dearer);
    const order = tenant.order(callId, 'once');
    for (let nth = 0; nth < 5; nth += 1) await tenant.reRate(callId, 1, order);
    await tenant.reRate(callId, dearer);
    await tenant.reRate(callId, 1, order);
    const { charged, wallet, entries } = await tenant.played(script);
    expect([charged, wallet.balanceMicros]).toEqual([100_000n, 900_000n]);
    expect(entries.filter(({ reason }) => reason === 'rerating').map(({ amountMicros }) => amountMicros)).toEqual([50_000n, 50_000n, 50_000n]);
  });

  test('cgrates#3933, #3934: all is refunded before it is debited again, and the debit is not covered any more', async () => {
    const tenant = await tenantWith(100_000n);
    const { callId, script, entries: before } = await tenant.play([face(0, 9_999)]);
    const dearer = await tenant.newVersion({ rateMicros: 600_001n, rounding: 'up' });
    // What is left covers the difference and no more.
    expect((await tenant.wallet()).balanceMicros).toBe(10n);
    const { entry } = await tenant.reRate(callId, dearer);
    const { entries, charged } = await tenant.played(script);
    expect(entry?.amountMicros).toBe(1n);
    expect(entries).toEqual([...before, entry]);
    expect(charged).toBe(99_991n);
  });

  test('ivozprovider#686: a call whose rating came to nothing is left out when calls are rated again', async () => {
    const tenant = await tenantWith(1_000_000n, { rateMicros: 0n });
    const free = await tenant.play(seconds(5));
    const lost = await tenant.begin();
    await tenant.apply(lost.completed(5_000));
    await tenant.missDeadline(lost.callId);
    const right = await tenant.newVersion({});
    expect(free.charged).toBe(0n);
    expect((await tenant.reRate(free.callId, right)).entry?.amountMicros).toBe(50_000n);
    // Of this one nothing was observed yet; it is rated by the right version once it is.
    expect((await tenant.reRate(lost.callId, right)).entry).toBeUndefined();
    await tenant.apply(lost.ended('caller', 5_000, [face(0, 5_000)]));
    expect((await tenant.played(lost)).charged).toBe(50_000n);
  });

  test('killbill#876: nobody says what becomes of late data', async () => {
    const tenant = await tenantWith(1_000_000n);
    const script = await tenant.begin();
    await tenant.apply(script.progress('caller', [face(0, 2_000)]), script.completed(6_000));
    await tenant.missDeadline(script.callId);
    const settled = await tenant.played(script);
    expect([settled.charged, settled.receipt.settleReason]).toEqual([20_000n, 'recognition_lost']);
    // Late and incomplete: nothing. Complete: one difference, in the receipt with its kind. After that: nothing more.
    await tenant.apply(script.progress('caller', [face(2_000, 4_000)]));
    expect((await tenant.played(script)).charged).toBe(20_000n);
    const end = script.ended('caller', 5_000, [face(4_000, 5_000)]);
    await tenant.apply(end, end);
    const { charged, told, receipt } = await tenant.played(script);
    expect([charged, valuesOf(told, 'settled').length]).toEqual([50_000n, 1]);
    expect(valuesOf(told, 'adjusted')).toMatchObject([{ reason: 'late_reaction', difference: { micros: 30_000n } }]);
    expect(receipt).toMatchObject({ correctedTotal: { micros: 50_000n }, corrections: [{ kind: 'late_reaction', difference: { micros: 30_000n } }] });
  });
});
