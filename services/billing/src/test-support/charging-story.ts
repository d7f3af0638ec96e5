import { randomUUID } from 'node:crypto';
import type { BusEvent } from '@parley/bus';
import { Channel, IntervalKind, type CallInitiated, type ChargeAuthorization } from '@parley/contracts';
import { isParleyError } from '@parley/errors';
import type { Billing } from '../billing.ts';
import { toConsumedEvent } from '../bus/consumed-event.ts';
import { toChargeAuthorization } from '../bus/convert.ts';
import type { Party } from '../domain/charge.ts';
import { plainPrices } from '../domain/price.ts';
import { alice, bob, CallScript, evidence, interval, originMs, streamed } from './call-script.ts';
import { sampleTerms } from './sample-terms.ts';

const atMs = BigInt(originMs);

/** What a client and the producers do, in order; each step may be done again. */
export interface Story {
  readonly accountId: string;
  readonly callId: string;
  /** Who pay: each for its view of the other. */
  readonly payers: readonly Party[];
  readonly steps: readonly ((billing: Billing) => Promise<unknown>)[];
}

export interface StoryOptions {
  readonly balanceMicros?: bigint;
  readonly eachPays?: boolean;
  readonly isBatched?: boolean;
  readonly publish?: (event: BusEvent) => Promise<void>;
}

/**
 * @param balanceMicros all that there is; if it is not named, there are buckets and credit, too.
 * @param eachPays the callee does, too.
 * @param isBatched the events of a stretch are applied together, and not one by one.
 * @param publish what happens to an event before it is applied.
 */
export function story({ balanceMicros, eachPays = false, isBatched = false, publish = async () => undefined }: StoryOptions = {}): Story {
  const accountId = `account-${randomUUID().slice(0, 12)}`;
  const script = new CallScript(accountId);
  const { callId } = script;
  const cause = { id: 'request', atMs, traceparent: '' };
  const terms = sampleTerms({ grantMs: 2_000n, prices: { ...plainPrices, hostPermille: 333, ...(eachPays && { payer: 'each' }) } });
  const known: { policyId: string; charge?: ChargeAuthorization } = { policyId: '' };
  const apply = (events: readonly (() => BusEvent)[]) => async (billing: Billing) => {
    const made = events.map((event) => event());
    for (const event of made) await publish(event);
    await applyTogether(billing, made);
  };
  const applied = (...events: readonly (() => BusEvent)[]): Story['steps'] => (isBatched ? [apply(events)] : events.map((event) => apply([event])));
  // The first event's content is known only once the call is authorised; its place in the sequence is taken here.
  const initiated = script.initiated();
  const begun = [script.videoStarted('caller'), ...(eachPays ? [script.videoStarted('callee')] : []), script.progress('caller', [evidence(Channel.FACE, 0, 1_500)])];
  const ended = [
    script.progress('caller', [interval(IntervalKind.ABSENT, 1_500, 2_000), evidence(Channel.VOICE, 2_000, 3_000)]),
    script.completed(3_400),
    script.ended('caller', 3_400, [evidence(Channel.TEXT, 3_000, 3_400)]),
    ...(eachPays ? [script.ended('callee', 3_400, [evidence(Channel.FACE, 0, 2_200)])] : []),
  ];
  const rest: Story['steps'] = [
    ...applied(() => charged(initiated, known.charge!), ...begun.map((event) => () => event)),
    // A small balance may not cover it; where it is done again, the call may be settled.
    (billing: Billing) => billing.extendGrant({ accountId, callId, cause }).catch((error: unknown) => {
      if (!isParleyError(error, 'wallet.insufficient_balance') && !isParleyError(error, 'grant.ended')) throw error;
    }),
    ...applied(...ended.map((event) => () => event)),
  ];
  const others: Story['steps'] = [
    // The first charge is drawn from this one and the plain part; what is left of the other expires with it.
    (billing) => billing.topUpWallet({ accountId, requestId: 'gift', address: alice, amount: { currency: 'EUR', micros: 4_000n }, bucket: 'promotional/-1', atMs }),
    (billing) => billing.topUpWallet({ accountId, requestId: 'trial', address: alice, amount: { currency: 'EUR', micros: 3_000n }, bucket: `free/1/${atMs + 1_000n}`, atMs }),
    (billing) => billing.setCreditLimit({ accountId, requestId: 'limit', address: alice, limit: { currency: 'EUR', micros: 5_000n }, actor: 'ops', atMs }),
  ];
  const steps: Story['steps'] = [
    async (billing) => {
      const policy = await billing.createPolicy({ accountId, requestId: 'policy', policyId: '', terms, atMs });
      known.policyId = policy.policyId;
    },
    (billing) => billing.setDefaultPolicy({ accountId, policyId: known.policyId, atMs }),
    (billing) => billing.topUpWallet({ accountId, requestId: 'top-up', address: alice, amount: { currency: 'EUR', micros: balanceMicros ?? 100_000n }, atMs }),
    ...(balanceMicros === undefined ? others : []),
    ...(eachPays ? [(billing: Billing) => billing.topUpWallet({ accountId, requestId: 'top-up-of-callee', address: bob, amount: { currency: 'EUR', micros: 100_000n }, atMs })] : []),
    async (billing) => {
      const { terms, grantedMs } = (await billing.authorizeCharge({ accountId, callId, from: alice, to: bob, policyId: '', cause }))!;
      known.charge = toChargeAuthorization(terms, grantedMs);
    },
    ...rest,
  ];
  return { accountId, callId, payers: eachPays ? ['caller', 'callee'] : ['caller'], steps };
}

/** As the consumer hands events over: those that were not taken, or have to wait, come again. */
export async function applyTogether(billing: Billing, events: readonly BusEvent[]): Promise<void> {
  for (let left = events; left.length > 0; ) {
    const [first, ...others] = left.map((event) => toConsumedEvent(streamed(event)));
    const { outcomes } = await billing.applyCallEvents([first!, ...others]);
    const next = left.filter((_, index) => (outcomes[index] ?? 'wait') === 'wait');
    if (next.length === left.length) throw new Error('all of them wait');
    left = next;
  }
}

function charged(event: BusEvent, charge: ChargeAuthorization): BusEvent {
  const { value } = event.data as Extract<BusEvent['data'], { class: 'call' }>;
  const initiated = { ...(value.event!.value as CallInitiated), charge };
  return { ...event, data: { class: 'call', value: { ...value, event: { $case: 'initiated', value: initiated } } } };
}
