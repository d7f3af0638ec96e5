import { newEvent, type BusEvent, type EventData, type PartyName } from '@parley/bus';
import { CallInitiated, CallStatus, Channel, Direction, EndCause, IntervalKind, Party, type CallEvent, type ChargeAuthorization, type ReactionEvent, type ReactionInterval } from '@parley/contracts';
import type { Segment, SegmentKind } from '../../../../services/billing/src/domain/timeline.ts';
import type { ChargedCall } from './call-plan.ts';

/** What the call router made of a call: when its media began, in Unix ms, and who pays for it. */
export interface CallBeginning {
  readonly originMs: number;
  readonly charge: ChargeAuthorization | undefined;
}

/** A call's events by source, in sequence, as the call router and recognition publish them. */
export interface CallEvents {
  readonly call: readonly BusEvent[];
  /** Of each observed side. */
  readonly reactions: readonly (readonly BusEvent[])[];
}

type EventOf = (data: EventData, sequence: number, atMs: bigint, party?: PartyName) => BusEvent;

export function eventsOf(planned: ChargedCall, { originMs, charge }: CallBeginning): CallEvents {
  const { callId, wallet, callee } = planned;
  const call = { from: wallet.address, to: callee.address, direction: 'inbound' } as const;
  const event: EventOf = (data, sequence, atMs, party) =>
    newEvent({ accountId: wallet.accountId, callId, sequence: BigInt(sequence), time: new Date(originMs + Number(atMs)), call, data, ...(party && { party }) });
  const hasVideo = charge !== undefined && planned.course !== 'released';
  const views = [
    { ...planned, party: 'caller' as const },
    ...(planned.calleeBatches.length > 0 ? [{ ...planned, party: 'callee' as const, batches: planned.calleeBatches, isEnded: true }] : []),
  ];
  const reactions = hasVideo ? views.map((view) => viewOf(view, event)) : [];
  return { call: callSource(planned, { originMs, charge }, hasVideo).map(([value, atMs], sequence) => event(inClassCall(callId, value), sequence, atMs)), reactions };
}

type CallCase = NonNullable<CallEvent['event']>;

function callSource({ wallet, callee, course, finalMs, calleeBatches }: ChargedCall, { originMs, charge }: CallBeginning, hasVideo: boolean): (readonly [CallCase, bigint])[] {
  const videoOf = (party: Party): readonly [CallCase, bigint] => [{ $case: 'videoStarted', value: { party, mediaOriginTime: new Date(originMs) } }, 0n];
  const initiated = CallInitiated.fromPartial({ from: wallet.address, to: callee.address, direction: Direction.INBOUND, ...(charge && { charge }) });
  return [
    [{ $case: 'initiated', value: initiated }, 0n],
    ...(hasVideo ? [videoOf(Party.CALLER)] : []),
    ...(hasVideo && calleeBatches.length > 0 ? [videoOf(Party.CALLEE)] : []),
    ...(course === 'call lost' ? [] : [[{ $case: 'completed', value: { status: CallStatus.COMPLETED, cause: EndCause.HANGUP, durationMs: finalMs, final: true } }, finalMs] as const]),
  ];
}

function inClassCall(legId: string, event: CallCase): EventData {
  return { class: 'call', value: { legId, event } };
}

interface View extends Pick<ChargedCall, 'callId' | 'batches' | 'isEnded' | 'finalMs'> {
  readonly party: PartyName;
}

function viewOf({ callId, party, batches, isEnded, finalMs }: View, event: EventOf): BusEvent[] {
  return batches.map((batch, sequence) => {
    const observedThroughMs = batch.at(-1)?.toMs ?? 0n;
    const isLast = isEnded && sequence === batches.length - 1;
    const value: ReactionEvent = { party: party === 'caller' ? Party.CALLER : Party.CALLEE, legId: callId, observedThroughMs, intervals: batch.map(toInterval), event: isLast ? ended(finalMs) : progress };
    return event({ class: 'reaction', value }, sequence, observedThroughMs, party);
  });
}

type ReactionCase = NonNullable<ReactionEvent['event']>;

const progress: ReactionCase = { $case: 'progress', value: { analysed: 1n, skipped: 0n, refused: 0n } };

function ended(finalMs: bigint): ReactionCase {
  return { $case: 'ended', value: { finalMs, reason: 'call_completed', analysed: 1n, skipped: 0n, refused: 0n } };
}

const said: Readonly<Record<SegmentKind, Pick<ReactionInterval, 'kind' | 'channel'>>> = {
  face: { kind: IntervalKind.EVIDENCE, channel: Channel.FACE },
  voice: { kind: IntervalKind.EVIDENCE, channel: Channel.VOICE },
  text: { kind: IntervalKind.EVIDENCE, channel: Channel.TEXT },
  not_live: { kind: IntervalKind.NOT_LIVE, channel: Channel.UNSPECIFIED },
  grace_recovered: { kind: IntervalKind.GRACE_RECOVERED, channel: Channel.UNSPECIFIED },
  grace_lapsed: { kind: IntervalKind.GRACE_LAPSED, channel: Channel.UNSPECIFIED },
  absent: { kind: IntervalKind.ABSENT, channel: Channel.UNSPECIFIED },
  unobserved: { kind: IntervalKind.UNOBSERVED, channel: Channel.UNSPECIFIED },
};

function toInterval({ kind, fromMs, toMs }: Segment): ReactionInterval {
  return { fromMs, toMs, ...said[kind], confidence: 0.9 };
}
