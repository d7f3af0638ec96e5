import { randomBytes } from 'node:crypto';
import { decodeStored, encodeEvent, newEvent, type BusEvent, type EventData, type StreamedEvent } from '@parley/bus';
import {
  CallCompleted,
  CallInitiated,
  IntervalKind,
  Party,
  type CallEvent,
  type Channel,
  type ChargeAuthorization,
  type ReactionEvent,
  type ReactionInterval,
} from '@parley/contracts';

/** Media time 0 of a scripted call that asks for no other. */
export const originMs = 1_750_000_000_000;

export const alice = 'client:alice';
export const bob = 'client:bob';

type CallCase = NonNullable<CallEvent['event']>;
type Side = 'caller' | 'callee';

export function newCallId(): string {
  return `CA${randomBytes(16).toString('hex')}`;
}

/** For tests: the events of one call as its producers would publish them, each source in sequence. */
export class CallScript {
  readonly accountId: string;
  readonly callId: string;
  readonly originMs: number;
  readonly #next = { call: 0n, caller: 0n, callee: 0n };

  /** @param startMs Unix time of media time 0. */
  constructor(accountId: string, startMs = originMs) {
    this.accountId = accountId;
    this.callId = newCallId();
    this.originMs = startMs;
  }

  initiated(charge?: ChargeAuthorization): BusEvent {
    return this.call({ $case: 'initiated', value: CallInitiated.fromPartial({ from: alice, to: bob, direction: 1, ...(charge && { charge }) }) });
  }

  /** The dialled leg's. */
  dialled(): BusEvent {
    return this.call({ $case: 'initiated', value: CallInitiated.fromPartial({ parentLegId: this.callId, from: alice, to: bob, direction: 3 }) });
  }

  videoStarted(side: Side): BusEvent {
    return this.call({ $case: 'videoStarted', value: { party: partyOf(side), mediaOriginTime: new Date(this.originMs) } });
  }

  completed(atMs: number, final = true): BusEvent {
    return this.call({ $case: 'completed', value: CallCompleted.fromPartial({ status: 5, cause: 1, final }) }, atMs);
  }

  call(event: CallCase, atMs = 0): BusEvent {
    return this.#event({ class: 'call', value: { legId: this.callId, event } }, this.#next.call++, atMs);
  }

  observing(side: Side): BusEvent {
    return this.reaction(side, { $case: 'observing', value: { policyId: '', policyVersion: 0 } }, []);
  }

  progress(side: Side, intervals: readonly ReactionInterval[], throughMs?: number): BusEvent {
    return this.reaction(side, { $case: 'progress', value: { analysed: 1n, skipped: 0n, refused: 0n } }, intervals, throughMs);
  }

  ended(side: Side, finalMs: number, intervals: readonly ReactionInterval[] = [], reason = 'call_completed'): BusEvent {
    const value = { finalMs: BigInt(finalMs), reason, analysed: 1n, skipped: 0n, refused: 0n };
    return this.reaction(side, { $case: 'ended', value }, intervals, finalMs);
  }

  reaction(side: Side, event: NonNullable<ReactionEvent['event']>, intervals: readonly ReactionInterval[], throughMs?: number): BusEvent {
    const observedThroughMs = throughMs === undefined ? (intervals.at(-1)?.toMs ?? 0n) : BigInt(throughMs);
    const value: ReactionEvent = { party: partyOf(side), legId: this.callId, observedThroughMs, intervals: [...intervals], event };
    return this.#event({ class: 'reaction', value }, this.#next[side]++, Number(observedThroughMs), side);
  }

  #event(data: EventData, sequence: bigint, atMs: number, party?: Side): BusEvent {
    const { accountId, callId } = this;
    const call = { from: alice, to: bob, direction: 'inbound' } as const;
    return newEvent({ accountId, callId, sequence, time: new Date(this.originMs + atMs), call, data, ...(party && { party }) });
  }
}

/** As whoever reads the stream gets it. */
export function streamed(event: BusEvent): StreamedEvent {
  return { ...decodeStored(encodeEvent(event)), stream: '', streamSequence: 0 };
}

function partyOf(side: Side): Party {
  return side === 'caller' ? Party.CALLER : Party.CALLEE;
}

export function evidence(channel: Channel, fromMs: number, toMs: number): ReactionInterval {
  return { fromMs: BigInt(fromMs), toMs: BigInt(toMs), kind: IntervalKind.EVIDENCE, channel, confidence: 0.9 };
}

export function interval(kind: IntervalKind, fromMs: number, toMs: number): ReactionInterval {
  return { fromMs: BigInt(fromMs), toMs: BigInt(toMs), kind, channel: 0, confidence: 0 };
}
