import { adjustedFact } from '../domain/charge-correction.ts';
import { authorizedCharge, openCharge, sourceOf, type LiveCharge } from '../domain/charge-inputs.ts';
import { heldSteps } from '../domain/charge-decision.ts';
import { ChargeReplay, type ReplayedFact, type ReplayInput } from '../domain/charge-replay.ts';
import { byCause, type Told } from '../domain/told.ts';
import type { ChargeTerms } from '../domain/charge.ts';
import type { Correction } from '../domain/correction.ts';
import { grantAgain } from '../domain/grant.ts';
import type { HoldStep } from '../domain/wallet.ts';
import type { CallHistory, Initiation, PublishedFact } from '../usecases/call-history.ts';
import { advance, askWallet, coverLate, withFacts } from '../usecases/charge-change.ts';
import type { Cause, ChargeChange, ChargeEffect, ChargeRecord } from '../usecases/charge-store.ts';
import { createCorrectionHold } from '../usecases/correction-hold.ts';
import { publishedDifferences } from '../usecases/explain-charge.ts';
import type { WalletStore } from '../usecases/wallet-store.ts';
import type { ChargedCall } from './rebuild-ledger.ts';
import { untoldCorrection, type PolicyOf } from './untold-correction.ts';

export interface CallToRebuild {
  readonly accountId: string;
  readonly callId: string;
  readonly initiation: Initiation;
  /** What was published: of this charge alone. */
  readonly history: CallHistory;
  /** Undefined: nothing was charged. */
  readonly charged: ChargedCall | undefined;
  readonly policyOf: PolicyOf;
}

export interface RebuiltCharge {
  readonly change: ChargeChange;
  /** Ids of the events that are applied by it. */
  readonly applied: ReadonlySet<string>;
  /** In what that was published is not what follows, in words. */
  readonly differences: readonly string[];
}

/** A free call. */
export function rebuildFreeCall({ accountId, callId, initiation, history }: Omit<CallToRebuild, 'charged' | 'policyOf'>): RebuiltCharge {
  const { attributes, cause } = initiation;
  const record: ChargeRecord = { callId, accountId, charge: { status: 'free' }, requestedPolicyId: undefined, attributes, lastCause: cause };
  return { change: { record, effects: [] }, applied: new Set([cause.id, ...history.inputs.map(({ cause: { id } }) => id)]), differences: [] };
}

/**
 * The charge of a call as the published events tell it, with what is owed in its outbox. All that was published follows from
 * it again and is not published again; events of which nothing was published, and from which something follows, are left to
 * be applied by the service. What is held for a call that goes on is held again.
 */
export async function rebuildCharge(wallets: WalletStore, call: CallToRebuild, terms: ChargeTerms): Promise<RebuiltCharge> {
  const { accountId, callId, initiation: { attributes, cause }, history: { published } } = call;
  const inputs = contiguous(call.history.inputs);
  const replay = new ChargeReplay(openCharge(authorizedCharge(callId, accountId, terms)), inputs, correctionsOf(call));
  const told = withEvidence(byCause(published.map((event) => event.told)), call);
  // What was done by hand leaves nothing to be decided.
  const last = told.at(-1)?.byHand === undefined ? told.pop() : undefined;
  for (const each of told) replay.tell(each);
  const record: ChargeRecord = { callId, accountId, charge: replay.charge, requestedPolicyId: undefined, attributes, lastCause: cause };
  const change = last === undefined ? { record, effects: [] } : await rebuildLast(wallets, call, record, replay.absorb(last), last);
  const { charge: decided } = change.record;
  if ('observed' in decided) replay.resume(decided);
  replay.applySilent();
  const charge = await holdAgain(wallets, call, replay.charge);
  const applied = inputs.filter(({ input }) => input.sequence <= (charge.observed.applied[sourceOf(input)] ?? -1n));
  const facts = [...replay.facts, ...change.effects.flatMap(toFact)].slice(0, published.length);
  const rebuilt = withUntold(call, { record: { ...record, charge, lastCause: latest([cause, ...applied.map((input) => input.cause)]) }, effects: owedOf(change.effects, published) });
  return {
    change: rebuilt,
    applied: new Set([cause.id, ...applied.map(({ cause: { id } }) => id)]),
    differences: publishedDifferences(facts, published).slice(0, 1).map((text) => `${callId}: ${text}`),
  };
}

/** Who did what by hand, and why, stands in the entry that it booked; of what booked nothing it is not known. */
function correctionsOf({ callId, charged, history }: CallToRebuild): Correction[] {
  return history.published.flatMap(({ told: { byHand, cause } }) => {
    if (byHand === undefined) return [];
    const { entryId, ...correction } = byHand;
    const { key, actor = '', note = '' } = charged?.byHand.get(entryId) ?? { key: cause.id };
    const id = key.startsWith(`${callId}/${correction.reason}/`) ? key.slice(callId.length + correction.reason.length + 2) : key;
    return [{ ...correction, atMs: cause.atMs, order: { id, actor, note } }];
  });
}

/** What was booked by hand is told of: the entry is there, and is found when it is posted again. */
function withUntold({ charged, history, policyOf }: CallToRebuild, change: ChargeChange): ChargeChange {
  const { charge } = change.record;
  if (charged === undefined || charge.status !== 'settled') return change;
  const told = new Set(history.published.flatMap(({ told: { byHand } }) => (byHand === undefined ? [] : [byHand.entryId])));
  const untold = untoldCorrection(charge, charged.byHand, told, policyOf);
  if (untold === undefined) return change;
  const { record, effects } = withFacts(change.record, charge, [adjustedFact(charge, untold.correction)], untold.cause);
  return { record: { ...record, lastCause: change.record.lastCause }, effects: [...change.effects, ...effects] };
}

/** Where an event is missing or cannot be read, the later ones of its source wait. */
function contiguous(inputs: readonly ReplayInput[]): ReplayInput[] {
  const next = new Map([['call', 1n]]);
  return inputs.filter(({ input }) => {
    const isNext = input.sequence === (next.get(sourceOf(input)) ?? 0n);
    if (isNext) next.set(sourceOf(input), input.sequence + 1n);
    return isNext;
  });
}

/** An entry is posted before the event that tells of it: the last one may be all that there is. */
function withEvidence(told: readonly Told[], { charged }: CallToRebuild): Told[] {
  const none = { chargedThroughMs: undefined, availableMicros: undefined, exhaustedMs: undefined, settled: undefined, isAdjusted: false, byHand: undefined };
  if (charged === undefined) return [...told];
  const { reason, causeId, atMs, basis } = charged.last;
  const cause = { id: causeId, atMs, traceparent: '' };
  const throughMs = told.reduce((most, { chargedThroughMs = 0n }) => (chargedThroughMs > most ? chargedThroughMs : most), 0n);
  if (reason === 'charge' && basis !== undefined && basis.toMs > throughMs) return byCause([...told, { ...none, cause, chargedThroughMs: basis.toMs }]);
  if (reason === 'adjustment' && !told.some(({ isAdjusted }) => isAdjusted)) return byCause([...told, { ...none, cause, isAdjusted: true }]);
  return [...told];
}

/** Not all that followed from the last cause need have been published. If so, the wallet is asked for the rest: nothing says what it answered. */
async function rebuildLast(wallets: WalletStore, call: CallToRebuild, record: ChargeRecord, charge: LiveCharge, { cause, exhaustedMs }: Told): Promise<ChargeChange> {
  const change = advance(record, charge, cause);
  const isWhole = owedOf(change.effects, call.history.published).length === 0;
  if (isWhole || exhaustedMs !== undefined || heldSteps(charge).length === 0) return change;
  const covered =
    charge.status === 'settled'
      ? await coverLate(createCorrectionHold({ wallets, reclaimHolds: async () => false }, 0n), charge)
      : await askWallet(wallets, charge, rebuiltRequest(call, heldSteps(charge)));
  return advance(record, covered, cause);
}

/** What has to be published yet, and what goes with it. */
function owedOf(effects: readonly ChargeEffect[], published: readonly PublishedFact[]): ChargeEffect[] {
  const isOwed = (effect: ChargeEffect) => effect.kind === 'event' && effect.sequence >= BigInt(published.length);
  return effects.some(isOwed) ? effects.filter((effect) => effect.kind === 'release' || isOwed(effect)) : [];
}

async function holdAgain(wallets: WalletStore, call: CallToRebuild, charge: LiveCharge): Promise<LiveCharge> {
  return charge.status === 'open' ? askWallet(wallets, charge, rebuiltRequest(call, [grantAgain(charge, call.initiation.grantedMs)])) : charge;
}

/** At a time at which nothing has expired: nothing is booked here. */
function rebuiltRequest({ charged }: CallToRebuild, steps: readonly HoldStep[]): Parameters<typeof askWallet>[2] {
  return { steps, postedMicros: charged?.micros ?? 0n, atMs: 0n };
}

function toFact(effect: ChargeEffect): ReplayedFact[] {
  return effect.kind === 'event' ? [{ sequence: effect.sequence, fact: effect.fact, cause: effect.cause }] : [];
}

function latest(causes: readonly Cause[]): Cause {
  return causes.reduce((last, next) => (next.atMs >= last.atMs ? next : last));
}
