import {
  Channel,
  ChargeReason,
  IntervalKind,
  OnExhausted as ProtoOnExhausted,
  Party,
  Payer,
  RoundingMode as ProtoRounding,
  type AppliedSource,
  type BillingEvent,
  type ChargeAuthorization,
  type LedgerEntry as ProtoEntry,
  type Money,
  type PolicySnapshot,
  type PolicyTerms as ProtoTerms,
  type PriceTerms as ProtoPrices,
  type ReactionInterval,
} from '@parley/contracts';
import { parleyError } from '@parley/errors';
import type { RoundingMode } from '@parley/money';
import type { BillingFact, ChargeTerms, Observed, Party as PartyName, SettleReason, SourceName } from '../domain/charge.ts';
import { isMutual } from '../domain/charge-id.ts';
import { manualReasons, type ManualReason } from '../domain/ledger-entry.ts';
import type { OnExhausted, PolicyTerms, PolicyVersion, PriceTerms, RequestedPrices, RequestedTerms } from '../domain/policy-terms.ts';
import { plainPrices } from '../domain/price.ts';
import type { LineReason } from '../domain/rating.ts';
import type { Segment, SegmentKind } from '../domain/timeline.ts';
import { entryIdOf, type LedgerEntry } from '../domain/wallet.ts';

const roundings = {
  'half-even': ProtoRounding.HALF_EVEN,
  'half-up': ProtoRounding.HALF_UP,
  down: ProtoRounding.DOWN,
  up: ProtoRounding.UP,
} as const satisfies Record<RoundingMode, ProtoRounding>;

export const parties = { caller: Party.CALLER, callee: Party.CALLEE } as const satisfies Record<PartyName, Party>;

const payers = { caller: Payer.CALLER, callee: Payer.CALLEE, each: Payer.EACH } as const satisfies Record<PriceTerms['payer'], Payer>;

const endings = { end: ProtoOnExhausted.END, downgrade: ProtoOnExhausted.DOWNGRADE } as const satisfies Record<OnExhausted, ProtoOnExhausted>;

const reasons = {
  face: ChargeReason.FACE,
  voice: ChargeReason.VOICE,
  text: ChargeReason.TEXT,
  not_live: ChargeReason.NOT_LIVE,
  grace_recovered: ChargeReason.GRACE_RECOVERED,
  grace_lapsed: ChargeReason.GRACE_LAPSED,
  absent: ChargeReason.ABSENT,
  unobserved: ChargeReason.UNOBSERVED,
  free_period: ChargeReason.FREE_PERIOD,
  not_granted: ChargeReason.NOT_GRANTED,
  capped: ChargeReason.CAPPED,
  resuming: ChargeReason.RESUMING,
  free_hours: ChargeReason.FREE_HOURS,
} as const satisfies Record<LineReason, ChargeReason>;

const sourceNames = ['call', 'reaction/caller', 'reaction/callee'] as const satisfies readonly SourceName[];
const settleReasons = ['completed', 'recognition_lost', 'call_lost'] as const satisfies readonly SettleReason[];

/** What a value of the contract is called here; undefined for one that has no name. */
export function nameOf<Name extends string, Value>(values: Readonly<Record<Name, Value>>, value: Value): Name | undefined {
  return (Object.keys(values) as Name[]).find((name) => values[name] === value);
}

export function toMoney(currency: string, micros: bigint): Money {
  return { currency, micros };
}

export function toReason(reason: LineReason): ChargeReason {
  return reasons[reason];
}

export function toPolicySnapshot({ policyId, version, terms }: PolicyVersion): PolicySnapshot {
  return { policyId, version, terms: toProtoTerms(terms) };
}

/**
 * A version that was made before: its terms were validated then, and bounds that changed since do not end a call.
 * @throws ParleyError `bus.malformed_event`
 */
export function fromPolicySnapshot(policy: PolicySnapshot | undefined): PolicyVersion {
  if (policy?.terms === undefined) throw malformed('a policy has no terms');
  const { rounding, onExhausted: ending, prices, ...terms } = fromProtoTerms(policy.terms);
  const onExhausted = ending === 'unknown' ? undefined : ending;
  if (rounding === undefined || terms.unitMs <= 0n || terms.entryGridMs <= 0n || prices?.payer === 'unknown') throw malformed('the terms of its policy cannot be applied');
  return { policyId: policy.policyId, version: policy.version, terms: { ...terms, rounding, onExhausted, ...(prices && { prices: { ...prices, payer: prices.payer } }) } };
}

function toProtoTerms({ prices, onExhausted, ...terms }: PolicyTerms): ProtoTerms {
  const ending = onExhausted && endings[onExhausted];
  return { ...terms, rounding: roundings[terms.rounding], onExhausted: ending, prices: prices && toProtoPrices(prices) };
}

function toProtoPrices({ tiers, weekBands, payer, hostPermille = 0, ...prices }: PriceTerms): ProtoPrices {
  return { ...prices, hostPermille, tiers: [...tiers], weekBands: [...weekBands], payer: payers[payer] };
}

/**
 * Terms as they were asked for; `validateTerms` says whether they can be had.
 * @param livenessMs if the terms do not say: those of before liveness ask for none
 */
export function fromProtoTerms({ rounding, prices, onExhausted, ...terms }: ProtoTerms, livenessMs = 0n): RequestedTerms {
  const mode = nameOf(roundings, rounding);
  return { ...terms, livenessMs: terms.livenessMs ?? livenessMs, rounding: mode, onExhausted: fromEnding(onExhausted), ...(prices && { prices: fromProtoPrices(prices) }) };
}

function fromEnding(ending: ProtoOnExhausted | undefined): RequestedTerms['onExhausted'] {
  if (ending === undefined || ending === ProtoOnExhausted.UNSPECIFIED) return undefined;
  return nameOf(endings, ending) ?? 'unknown';
}

/** Without a share there is no field of it: such prices are the same, to a request that is repeated, too, as those of before it. */
function fromProtoPrices({ facePermille, voicePermille, textPermille, payer, hostPermille, ...others }: ProtoPrices): RequestedPrices {
  const { facePermille: face, voicePermille: voice, textPermille: text } = plainPrices;
  const weights = { facePermille: facePermille ?? face, voicePermille: voicePermille ?? voice, textPermille: textPermille ?? text };
  return { ...others, ...weights, payer: payer === Payer.UNSPECIFIED ? plainPrices.payer : (nameOf(payers, payer) ?? 'unknown'), ...(hostPermille !== 0 && { hostPermille }) };
}

/**
 * Who pays for the call, as billing granted it and call.initiated carries it.
 * @returns one, or where each side pays two: the caller's first.
 * @throws ParleyError `bus.malformed_event`
 */
export function fromChargeAuthorization({ walletId, calleeWalletId, payer, policy: snapshot, utcOffsetMinutes }: ChargeAuthorization, accountId: string): ChargeTerms[] {
  const policy = fromPolicySnapshot(snapshot);
  const first: ChargeTerms = { walletId, payer: fromParty(payer), policy, ...(utcOffsetMinutes !== 0 && { utcOffsetMinutes }) };
  const all = isMutual(first) ? [first, { ...first, walletId: calleeWalletId, payer: 'callee' as const }] : [first];
  if (!all.every((terms) => terms.walletId.startsWith(`${accountId}/`))) throw malformed('the wallet is not of the account of the call');
  return all;
}

/**
 * What billing granted for a call, as the call router hands it on.
 * @param charges one, or where each side pays two: the caller's first.
 */
export function toChargeAuthorization([first, second]: readonly [ChargeTerms, ...ChargeTerms[]], grantedMs: bigint): ChargeAuthorization {
  const { walletId, payer, policy, utcOffsetMinutes = 0 } = first;
  return { walletId, payer: toParty(payer), policy: toPolicySnapshot(policy), grantedUntilMs: grantedMs, utcOffsetMinutes, calleeWalletId: second?.walletId ?? '' };
}

export function toParty(party: PartyName): Party {
  return parties[party];
}

/** @throws ParleyError `bus.malformed_event` */
export function fromParty(party: Party): PartyName {
  const name = nameOf<PartyName, Party>(parties, party);
  if (name === undefined) throw malformed('it names no side of the call');
  return name;
}

/** @throws ParleyError `bus.malformed_event` */
export function fromInterval({ fromMs, toMs, kind, channel }: ReactionInterval): Segment {
  return { fromMs, toMs, kind: fromKind(kind, channel) };
}

function fromKind(kind: IntervalKind, channel: Channel): SegmentKind {
  switch (kind) {
    case IntervalKind.EVIDENCE:
      return fromChannel(channel);
    case IntervalKind.GRACE_RECOVERED:
      return 'grace_recovered';
    case IntervalKind.GRACE_LAPSED:
      return 'grace_lapsed';
    case IntervalKind.NOT_LIVE:
      return 'not_live';
    case IntervalKind.ABSENT:
      return 'absent';
    case IntervalKind.UNOBSERVED:
      return 'unobserved';
    default:
      throw malformed('an interval is of no known kind');
  }
}

function fromChannel(channel: Channel): SegmentKind {
  switch (channel) {
    case Channel.FACE:
      return 'face';
    case Channel.VOICE:
      return 'voice';
    case Channel.TEXT:
      return 'text';
    default:
      throw malformed('evidence is of no known channel');
  }
}

function toChannel(kind: SegmentKind): Channel {
  if (kind === 'face') return Channel.FACE;
  if (kind === 'voice') return Channel.VOICE;
  return kind === 'text' ? Channel.TEXT : Channel.UNSPECIFIED;
}

/** The sources by their names on the bus, in a fixed order. */
export function toAppliedSources(accountId: string, callId: string, applied: Observed['applied']): AppliedSource[] {
  return Object.entries(applied)
    .sort(([one], [other]) => (one < other ? -1 : 1))
    .map(([name, sequence]) => ({ source: `/${accountId}/calls/${callId}/${name}`, sequence }));
}

/** The other way around. @throws ParleyError `bus.malformed_event` */
export function fromAppliedSources(accountId: string, callId: string, applied: readonly AppliedSource[]): Observed['applied'] {
  const prefix = `/${accountId}/calls/${callId}/`;
  return Object.fromEntries(
    applied.map(({ source, sequence }) => {
      const name = sourceNames.find((known) => source === prefix + known);
      if (name === undefined) throw malformed('it names no source of its call');
      return [name, sequence];
    }),
  );
}

/** @throws ParleyError `bus.malformed_event` */
export function fromSettleReason(reason: string): SettleReason {
  const known = settleReasons.find((name) => name === reason);
  if (known === undefined) throw malformed('it is settled for no known reason');
  return known;
}

/** Of a correction by hand; undefined for another. */
export function fromManualReason(text: string): ManualReason | undefined {
  return manualReasons.find((reason) => reason === text);
}

/** One of the charges of a call. */
interface ChargeOfCall {
  readonly accountId: string;
  readonly callId: string;
  /** Where each side pays. */
  readonly payer?: PartyName | undefined;
}

/** @param entryId of the ledger entry that the event tells of; empty for events that tell of none. */
export function toBillingEvent(fact: BillingFact, { accountId, callId, payer }: ChargeOfCall, entryId: string): BillingEvent {
  return { payer: payer && toParty(payer), event: toWhatHappened(fact, { accountId, callId }, entryId) };
}

function toWhatHappened(fact: BillingFact, { accountId, callId }: ChargeOfCall, entryId: string): BillingEvent['event'] {
  switch (fact.type) {
    case 'started':
      return { $case: 'started', value: { walletId: fact.walletId, policy: toPolicySnapshot(fact.policy) } };
    case 'suspended':
      return { $case: 'suspended', value: { atMs: fact.atMs, reason: toReason(fact.reason) } };
    case 'resumed':
      return { $case: 'resumed', value: { atMs: fact.atMs, channel: toChannel(fact.kind) } };
    case 'charged': {
      const { fromMs, toMs, chargedMs, currency, amountMicros, cumulativeMicros } = fact;
      const amounts = { amount: toMoney(currency, amountMicros), cumulative: toMoney(currency, cumulativeMicros) };
      return { $case: 'charged', value: { entryId, fromMs, toMs, chargedMs, ...amounts } };
    }
    case 'balance_low':
      return { $case: 'balanceLow', value: { walletId: fact.walletId, available: toMoney(fact.currency, fact.availableMicros) } };
    case 'balance_exhausted':
      return { $case: 'balanceExhausted', value: { walletId: fact.walletId, grantedUntilMs: fact.grantedMs } };
    case 'settled': {
      const { currency, totalMicros, chargedMs, unchargedMs, reason, limitMs, finalMs } = fact;
      const applied = toAppliedSources(accountId, callId, fact.applied);
      return { $case: 'settled', value: { total: toMoney(currency, totalMicros), chargedMs, unchargedMs, applied, reason, limitMs, finalMs } };
    }
    case 'adjusted': {
      const { currency, differenceMicros, reason, policy, utcOffsetMinutes = 0 } = fact;
      return { $case: 'adjusted', value: { entryId, difference: toMoney(currency, differenceMicros), reason, policy: policy && toPolicySnapshot(policy), utcOffsetMinutes } };
    }
  }
}

export function toLedgerEntry(entry: LedgerEntry): ProtoEntry {
  const { debitAccount, creditAccount, currency, amountMicros, balanceAfterMicros, reason, causeId, callId, atMs, basis } = entry;
  return {
    entryId: entryIdOf(entry),
    debitAccount,
    creditAccount,
    amount: toMoney(currency, amountMicros),
    balanceAfter: toMoney(currency, balanceAfterMicros),
    reason,
    causeId,
    callId,
    time: new Date(Number(atMs)),
    fromMs: basis?.fromMs ?? 0n,
    toMs: basis?.toMs ?? 0n,
    policyId: basis?.policyId ?? '',
    policyVersion: basis?.policyVersion ?? 0,
    number: entry.number,
    previousHash: entry.previousHash ?? '',
    hash: entry.hash ?? '',
    actor: entry.actor ?? '',
    note: entry.note ?? '',
    bucket: entry.bucket ?? '',
    shareAccount: entry.share?.account ?? '',
    share: entry.share && toMoney(currency, entry.share.amountMicros),
  };
}

function malformed(why: string): Error {
  return parleyError('bus.malformed_event', `event cannot be read: ${why}`);
}
