import { encodeEvent, newEvent, readCallEvents, type Bus, type PartyName, type RecordedEvent, type StreamedEvent } from '@parley/bus';
import type { BillingAdjusted } from '@parley/contracts';
import { isParleyError, parleyError } from '@parley/errors';
import type { ReplayedFact, ReplayInput } from '../domain/charge-replay.ts';
import type { Told } from '../domain/told.ts';
import { firstDifference } from '../domain/first-difference.ts';
import { createSerialLanes } from '../store/serial-lanes.ts';
import type { CallHistories, CallHistory, Initiation, PublishedFact } from '../usecases/call-history.ts';
import type { ConsumedEvent } from '../usecases/apply-call-events.ts';
import { toConsumedEvent } from './consumed-event.ts';
import { fromAppliedSources, fromManualReason, fromParty, fromPolicySnapshot, fromSettleReason, toBillingEvent } from './convert.ts';

/**
 * What the streams still hold of calls. It reads past all events of the account in the call's partition: one call of an
 * account after the other, so that who asks for many holds up nobody else.
 */
export function createCallHistories(bus: Bus): CallHistories {
  const lanes = createSerialLanes();
  return {
    read: (call) =>
      lanes.run(call.accountId, async () => {
        const [calls, reactions, billing] = await Promise.all([readCallEvents(bus, 'call', call), readCallEvents(bus, 'reaction', call), readCallEvents(bus, 'billing', call)]);
        return toCallHistory([...calls, ...reactions], billing);
      }),
  };
}

/**
 * @param consumed events of the call and of its reactions, in the order of their streams.
 * @param billing what was published about its charge.
 * @throws ParleyError `bus.malformed_event` for a billing event that is none.
 */
export function toCallHistory(consumed: readonly RecordedEvent[], billing: readonly RecordedEvent[]): CallHistory {
  const contradictory: string[] = [];
  const once = (events: readonly RecordedEvent[]): RecordedEvent[] => {
    const byId = new Map<string, RecordedEvent>();
    for (const recorded of events) {
      const known = byId.get(recorded.event.id);
      if (known === undefined) byId.set(recorded.event.id, recorded);
      else if (Buffer.compare(known.payload, recorded.payload) !== 0) contradictory.push(recorded.event.id);
    }
    return [...byId.values()].sort((one, other) => Number(one.event.sequence - other.event.sequence));
  };
  let initiation: Initiation | undefined;
  const inputs: ReplayInput[] = [];
  for (const { event } of once(consumed)) {
    const read = readable(event);
    if (read === undefined) continue;
    const { input, attributes, cause } = read;
    if (input.type === 'call_initiated') initiation = { cause, attributes, terms: input.terms, grantedMs: grantedMsOf(event) };
    else inputs.push({ cause, input });
  }
  return { initiation, inputs, published: once(billing).map(toPublishedFact), contradictory };
}

function readable(event: StreamedEvent): ConsumedEvent | undefined {
  try {
    return toConsumedEvent(event);
  } catch (error) {
    if (isParleyError(error, 'bus.malformed_event')) return undefined;
    throw error;
  }
}

function grantedMsOf({ data }: StreamedEvent): bigint {
  const event = data.class === 'call' ? data.value.event : undefined;
  return event?.$case === 'initiated' ? (event.value.charge?.grantedUntilMs ?? 0n) : 0n;
}

function toPublishedFact({ event, payload }: RecordedEvent): PublishedFact {
  const { type, sequence } = event;
  return { payer: payerOf(event), sequence, type: type.slice('billing.'.length), told: toTold(event), differenceTo: (expected) => differenceOf(event, payload, expected) };
}

/** Where each side pays. */
function payerOf({ data }: Pick<StreamedEvent, 'data'>): PartyName | undefined {
  return data.class === 'billing' && data.value.payer !== undefined ? fromParty(data.value.payer) : undefined;
}

function toTold({ data, causationId: id, time, traceparent, accountId, callId }: StreamedEvent): Told {
  if (data.class !== 'billing') throw parleyError('internal', 'only billing tells of charges');
  const { event } = data.value;
  const settled = event?.$case === 'settled' ? event.value : undefined;
  return {
    cause: { id, atMs: BigInt(time.getTime()), traceparent },
    chargedThroughMs: event?.$case === 'charged' ? event.value.toMs : undefined,
    availableMicros: event?.$case === 'balanceLow' ? event.value.available?.micros : undefined,
    exhaustedMs: event?.$case === 'balanceExhausted' ? event.value.grantedUntilMs : undefined,
    settled: settled && { reason: fromSettleReason(settled.reason), limitMs: settled.limitMs, applied: fromAppliedSources(accountId, callId, settled.applied) },
    isAdjusted: event?.$case === 'adjusted' && event.value.reason === 'late_reaction',
    byHand: event?.$case === 'adjusted' ? toManual(event.value) : undefined,
  };
}

/** The numbers of ledger entries are the wallet's, of which other calls have their part: they are as published. */
function differenceOf({ stream: _stream, streamSequence: _place, ...event }: StreamedEvent, payload: Uint8Array, { sequence, fact, cause }: ReplayedFact): string | undefined {
  const { accountId, callId, call, traceparent, data, id } = event;
  const payer = payerOf(event);
  const said = data.class === 'billing' ? data.value.event : undefined;
  const entryId = said?.$case === 'charged' || said?.$case === 'adjusted' ? said.value.entryId : '';
  const value = toBillingEvent(fact, { accountId, callId, payer }, entryId);
  const time = new Date(Number(cause.atMs));
  const expected = newEvent({ accountId, callId, ...(payer && { party: payer }), sequence, time, causationId: cause.id, traceparent, call, data: { class: 'billing', value } });
  const difference = firstDifference(event, expected);
  if (difference !== undefined) return `${event.type}, event ${event.sequence}: ${difference}`;
  return Buffer.compare(payload, encodeEvent(expected).payload) === 0 ? undefined : `${id}: its bytes are not those that follow`;
}

function toManual({ reason: text, difference, policy, utcOffsetMinutes, entryId }: BillingAdjusted): Told['byHand'] {
  const reason = fromManualReason(text);
  if (reason === undefined) return undefined;
  return { reason, differenceMicros: difference?.micros ?? 0n, entryId, ...(policy && { policy: fromPolicySnapshot(policy), utcOffsetMinutes }) };
}
