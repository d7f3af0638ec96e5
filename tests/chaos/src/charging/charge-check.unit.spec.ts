import { describe, expect, test } from '@jest/globals';
import type { StreamedEvent } from '@parley/bus';
import { ChargeReason, type BillingEvent, type LedgerEntry, type Receipt } from '@parley/contracts';
import type { PolicyTerms } from '../../../../services/billing/src/domain/policy-terms.ts';
import { plainPrices } from '../../../../services/billing/src/domain/price.ts';
import { seededRandom } from '../seeded-random.ts';
import { eventsOfCharge, judgeCharge, type ChargeEvidence } from './charge-check.ts';
import { planChargedCalls, type ChargedCall } from './call-plan.ts';
import { payingSides } from './paying-sides.ts';
import { planTerms } from './policies.ts';
import { planWallets } from './wallets.ts';

const wallets = planWallets(seededRandom(3), ['acme', 'globex'], 20);
const plan = (seed: number) => planChargedCalls(seededRandom(seed), { calls: 500, wallets, policies: 8 });

describe('the plan of charged calls', () => {
  test('is the same for the same seed, and another one for another', () => {
    const content = (calls: readonly ChargedCall[]) => calls.map(({ random, ...call }) => [call, random.next()]);
    expect(content(plan(7))).toEqual(content(plan(7)));
    expect(plan(8)[0]!.callId).not.toBe(plan(7)[0]!.callId);
  });

  test('has calls of every course, from wallets of all means', () => {
    expect(new Set(plan(7).map(({ course }) => course))).toEqual(new Set(['completed', 'recognition lost', 'call lost', 'never begun', 'released', 'free']));
    expect(new Set(plan(7).map(({ wallet }) => wallet.means))).toEqual(new Set(['rich', 'tight', 'poor']));
  });
});

/** A second of a face, at 10 micro-units a millisecond, in one entry. */
function rightEvidence(): ChargeEvidence {
  const call: ChargedCall = {
    ...plan(7)[0]!,
    wallet: wallets.find(({ means }) => means === 'rich')!,
    course: 'completed',
    batches: [[{ kind: 'face', fromMs: 0n, toMs: 1_000n }]],
    isEnded: true,
    finalMs: 1_000n,
    calleeBatches: [],
  };
  const terms: PolicyTerms = { ...planTerms(seededRandom(1), 'EUR'), rateMicros: 10n, unitMs: 1n, freePeriodMs: 0n, roundingIncrementMicros: 1n, prices: undefined };
  const amount = { currency: 'EUR', micros: 10_000n };
  const applied = [{ source: `/acme/calls/${call.callId}/call`, sequence: 2n }, { source: `/acme/calls/${call.callId}/reaction/caller`, sequence: 0n }];
  return {
    played: { call, terms, isCharged: true, wasRefused: false, originMs: 0, utcOffsetMinutes: 0 },
    side: payingSides(call, terms)[0]!,
    events: [
      billing({ $case: 'charged', value: { entryId: 'entry', fromMs: 0n, toMs: 1_000n, chargedMs: 1_000n, amount, cumulative: amount } }),
      billing({ $case: 'settled', value: { total: amount, chargedMs: 1_000n, unchargedMs: 0n, applied, reason: 'completed', limitMs: undefined, finalMs: 1_000n } }),
    ],
    entries: [{ entryId: 'entry', amount, reason: 'charge', fromMs: 0n, toMs: 1_000n } as LedgerEntry],
    receipt: { total: amount, lines: [{ fromMs: 0n, toMs: 1_000n, reason: ChargeReason.FACE, charged: true, amount, bandPermille: 0 }] } as unknown as Receipt,
  };
}

function billing(event: NonNullable<BillingEvent['event']>): StreamedEvent {
  return { data: { class: 'billing', value: { event } } } as StreamedEvent;
}

/** The same call by a policy with a share for the host, which is booked as this. */
function withShares(right: ChargeEvidence, hostPermille: number, micros: bigint | undefined, host = right.played.call.callee.address): ChargeEvidence {
  const { played, entries: [entry] } = right;
  const share = micros === undefined ? {} : { share: { currency: 'EUR', micros }, shareAccount: `host:${played.call.wallet.accountId}/${host}` };
  return { ...right, played: { ...played, terms: { ...played.terms, prices: { ...plainPrices, hostPermille } } }, entries: [{ ...entry!, ...share }] };
}

describe('a call is judged', () => {
  test('to be right if ledger, events and receipt are what the oracle says', () => {
    const verdict = { faults: [], chargedMicros: 10_000n, wasSettledEarly: false, wasAdjusted: false, wasLimited: false };
    for (const evidence of [rightEvidence(), withShares(rightEvidence(), 333, 3_330n)]) expect(judgeCharge(evidence)).toEqual(verdict);
  });

  test.each<[string, (right: ChargeEvidence) => ChargeEvidence, string]>([
    ['an entry twice', (right) => ({ ...right, entries: [...right.entries, { ...right.entries[0]!, entryId: 'again' }] }), 'sum of the entries: billing says 20000, the oracle 10000'],
    ['no entry', (right) => ({ ...right, entries: [] }), 'sum of the entries: billing says 0, the oracle 10000'],
    ['a micro-unit less', (right) => ({ ...right, played: { ...right.played, terms: { ...right.played.terms, unitMs: 1_000n, rateMicros: 9_999n } } }), 'settled total: billing says 10000, the oracle 9999'],
    ['two settlements', (right) => ({ ...right, events: [...right.events, right.events[1]!] }), 'settlements: billing says 2, the oracle 1'],
    ['no settlement', (right) => ({ ...right, events: [] }), 'settlements: billing says 0, the oracle 1'],
    ['entries of a call that is not charged', (right) => ({ ...right, events: [], played: { ...right.played, isCharged: false } }), 'entries: billing says 1, the oracle 0'],
    ['a share that the policy has not', (right) => withShares(right, 0, 1n), 'shares of the host: billing says 1 for host:'],
    ['a share that is rounded up', (right) => withShares(right, 333, 3_331n), 'the oracle 3330 for host:'],
    ['no share', (right) => withShares(right, 333, undefined), 'shares of the host: billing says nothing, the oracle 3330 for host:'],
    ['a share for somebody else', (right) => withShares(right, 333, 3_330n, 'client:mallory'), 'client:mallory, the oracle 3330 for host:'],
    ['a line for another reason', (right) => ({ ...right, receipt: { ...right.receipt!, lines: [{ ...right.receipt!.lines[0]!, reason: ChargeReason.VOICE }] } }), 'lines of the receipt'],
  ])('to be wrong with %s', (_what, spoil, fault) => {
    expect(judgeCharge(spoil(rightEvidence())).faults).toContainEqual(expect.stringContaining(fault));
  });
});

test('where each side pays, each is judged by its own view, wallet and source', () => {
  const { played } = rightEvidence();
  const call = { ...played.call, calleeBatches: [[{ kind: 'voice' as const, fromMs: 0n, toMs: 400n }]] };
  const each = { ...played, call, terms: { ...played.terms, prices: { ...plainPrices, payer: 'each' as const } } };
  const sides = payingSides(call, each.terms);
  expect(sides.map(({ payer, wallet, host, batches }) => [payer, wallet, host, batches.flat().at(-1)!.toMs])).toEqual([
    ['caller', call.wallet, call.callee, 1_000n],
    ['callee', call.callee, call.wallet, 400n],
  ]);
  const from = (side: string) => ({ source: `/${call.wallet.accountId}/calls/${call.callId}/billing${side}` }) as StreamedEvent;
  const events = ['/caller', '/callee', '', '/callee'].map(from);
  expect(eventsOfCharge(events, each, 'callee')).toEqual([events[1], events[3]]);
  expect(eventsOfCharge(events, played, 'caller')).toEqual([events[2]]);
});
