import type { BusEvent } from '@parley/bus';
import type { PolicySnapshot } from '@parley/contracts';
import type { PolicyTerms } from '../../../../services/billing/src/domain/policy-terms.ts';
import type { RepeatingPublisher } from '../repeating-publisher.ts';
import { rest } from '../rest.ts';
import type { BillingAccess } from './billing-access.ts';
import { eventsOf, type CallBeginning } from './call-events.ts';
import type { ChargedCall } from './call-plan.ts';
import { topUpMicros, type PlannedWallet } from './wallets.ts';

/** A policy as it was planned, and as billing keeps it. */
export interface MadePolicy {
  readonly terms: PolicyTerms;
  readonly snapshot: PolicySnapshot;
}

/** What became of a call, as far as its producers know. */
export interface PlayedCall {
  readonly call: ChargedCall;
  readonly terms: PolicyTerms;
  /** Its `call.initiated` carried a charge: it has to be settled, once. */
  readonly isCharged: boolean;
  readonly wasRefused: boolean;
  /** Unix ms of media time 0. */
  readonly originMs: number;
  /** Of the policy's clock, as billing granted it. */
  readonly utcOffsetMinutes: number;
}

/** All top-ups that billing said yes to, by wallet, in micro-units. */
export type TopUps = Map<PlannedWallet, bigint>;

export interface CallPlayerOptions {
  readonly billing: BillingAccess;
  readonly publisher: RepeatingPublisher;
  readonly policies: ReadonlyMap<string, readonly MadePolicy[]>;
  readonly topUps: TopUps;
  /** Of an event on its way. */
  readonly longestDelayMs: number;
  /** How old the events of a call are whose end never comes: the service waits for a minute at least. */
  readonly lostAgeMs: number;
  readonly stop: AbortSignal;
}

/**
 * Plays a call from its authorisation to its last event. Its sources go their own ways, each in its own order: what recognition
 * says may be there before the call is known to have begun.
 */
export async function playCall(call: ChargedCall, options: CallPlayerOptions): Promise<PlayedCall> {
  const { billing, policies } = options;
  const { terms, snapshot } = policies.get(call.wallet.accountId)![call.policy]!;
  const answer = await authorize(call, call.course === 'free' ? '' : snapshot.policyId, billing);
  const charge = answer.kind === 'granted' ? answer.charge : undefined;
  const ageMs = call.course === 'call lost' ? options.lostAgeMs : 0;
  const originMs = Date.now() - Number(call.finalMs) - ageMs;
  const played = (isCharged: boolean) => ({ call, terms, isCharged, wasRefused: answer.kind === 'refused', originMs, utcOffsetMinutes: charge?.utcOffsetMinutes ?? 0 });
  if (call.course === 'never begun') return played(false);
  if (answer.kind === 'refused' && call.random.chance(0.5)) return played(false);
  if (call.course === 'released' && call.random.chance(0.5)) {
    await billing.release(call);
    return played(false);
  }
  await publishAll(call, { originMs, charge }, options);
  return played(charge !== undefined);
}

/** Asked twice now and then, since an answer was lost: the second answer has to be the first. */
async function authorize(call: ChargedCall, policyId: string, billing: BillingAccess): ReturnType<BillingAccess['authorize']> {
  const isTwice = call.random.chance(0.1);
  const first = await billing.authorize(call, policyId);
  if (!isTwice || first.kind !== 'granted') return first;
  const second = await billing.authorize(call, policyId);
  if (second.kind !== 'granted') throw new Error(`${call.callId}: granted, and when asked again ${JSON.stringify(second)}`);
  return second;
}

async function publishAll(call: ChargedCall, beginning: CallBeginning, options: CallPlayerOptions): Promise<void> {
  const { random } = call;
  const events = eventsOf(call, beginning);
  const [ofCall, ofReactions, ofOthers] = [random.fork('call'), random.fork('reactions'), random.fork('others')];
  const delays = (source: typeof random) => () => (source.chance(0.06) ? source.between(0, options.longestDelayMs) : source.between(0, 120));
  await Promise.all([
    publishSource(events.call, delays(ofCall), options),
    ...events.reactions.map((source, side) => publishSource(source, delays(ofReactions.fork(String(side))), options)),
    meanwhile(call, ofOthers, options),
  ]);
}

async function publishSource(events: readonly BusEvent[], delayMs: () => number, { publisher, stop }: CallPlayerOptions): Promise<void> {
  for (const [index, event] of events.entries()) {
    await rest(delayMs(), stop);
    if (stop.aborted) return;
    await publisher.publish(event, events.slice(0, index));
  }
}

/** What the call router and the caller do while it goes on. */
async function meanwhile(call: ChargedCall, random: ChargedCall['random'], { billing, topUps, stop }: CallPlayerOptions): Promise<void> {
  const { wallet, callId } = call;
  await rest(random.between(0, 300), stop);
  if (call.course === 'released') await billing.release(call);
  else if (random.chance(0.1)) await billing.extend(call);
  if (wallet.means !== 'tight' || !random.chance(0.4)) return;
  const micros = topUpMicros(random);
  const isTwice = random.chance(0.2);
  await Promise.all(Array.from({ length: isTwice ? 2 : 1 }, () => billing.topUp(wallet, `during-${callId}`, micros)));
  topUps.set(wallet, topUps.get(wallet)! + micros);
}
