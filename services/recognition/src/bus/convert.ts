import { encodeEvent, newEvent, type StoredMessage, type StreamedEvent } from '@parley/bus';
import { Channel as ChannelProto, IntervalKind as IntervalKindProto, Party as PartyProto, ReactionEvent as ReactionEventProto, type ReactionInterval } from '@parley/contracts';
import type { CallEvent } from '../domain/call-record.ts';
import type { Channel } from '../domain/finding.ts';
import type { Interval, IntervalKind } from '../domain/interval.ts';
import type { Observation, Party, PinnedPolicy, ReactionEvent } from '../domain/observation.ts';
import type { ReactionFact } from '../domain/session.ts';
import type { CallInput } from '../usecases/apply-call-event.ts';

export const channelToProto = { face: ChannelProto.FACE, voice: ChannelProto.VOICE, text: ChannelProto.TEXT } as const satisfies Record<Channel, ChannelProto>;

export const partyToProto = { caller: PartyProto.CALLER, callee: PartyProto.CALLEE } as const satisfies Record<Party, PartyProto>;

const kindToProto = {
  evidence: IntervalKindProto.EVIDENCE,
  not_live: IntervalKindProto.NOT_LIVE,
  grace_recovered: IntervalKindProto.GRACE_RECOVERED,
  grace_lapsed: IntervalKindProto.GRACE_LAPSED,
  absent: IntervalKindProto.ABSENT,
  unobserved: IntervalKindProto.UNOBSERVED,
} as const satisfies Record<IntervalKind, IntervalKindProto>;

/** A reaction event as it goes on the bus, in the trace of the call. */
export function toMessage(event: ReactionEvent, observation: Observation, causationId: string | undefined, time: Date): StoredMessage {
  const { accountId, callId, party, call, traceparent } = observation;
  return encodeEvent(
    newEvent({
      accountId,
      callId,
      party,
      time,
      sequence: BigInt(event.sequence),
      call,
      traceparent,
      ...(causationId !== undefined && { causationId }),
      data: { class: 'reaction', value: reactionToProto(event, observation) },
    }),
  );
}

/** What of an observation stands in its events. */
export interface Told extends Pick<Observation, 'party' | 'legId'> {
  readonly policy: Pick<PinnedPolicy, 'id' | 'version'> | undefined;
}

/** The payload of a reaction event, bit for bit. */
export function eventPayload(event: ReactionEvent, observation: Told): Uint8Array {
  return ReactionEventProto.encode(reactionToProto(event, observation)).finish();
}

function reactionToProto({ fact, intervals, observedThroughMs }: ReactionEvent, observation: Told): ReactionEventProto {
  return {
    party: partyToProto[observation.party],
    legId: observation.legId,
    observedThroughMs: BigInt(observedThroughMs),
    intervals: intervals.map(intervalToProto),
    event: factToProto(fact, observation),
  };
}

function intervalToProto({ fromMs, toMs, kind, channel, confidence }: Interval): ReactionInterval {
  return { fromMs: BigInt(fromMs), toMs: BigInt(toMs), kind: kindToProto[kind], channel: channel ? channelToProto[channel] : ChannelProto.UNSPECIFIED, confidence };
}

function factToProto(fact: ReactionFact, { policy }: Told): ReactionEventProto['event'] {
  switch (fact.type) {
    case 'observing':
      return { $case: 'observing', value: { policyId: policy?.id ?? '', policyVersion: policy?.version ?? 0 } };
    case 'withheld':
      return { $case: 'withheld', value: {} };
    case 'present':
      return { $case: 'present', value: { channel: channelToProto[fact.channel], sinceMs: BigInt(fact.sinceMs) } };
    case 'channel_changed':
      return { $case: 'channelChanged', value: { from: channelToProto[fact.from], to: channelToProto[fact.to], atMs: BigInt(fact.atMs) } };
    case 'absent':
      return { $case: 'absent', value: { sinceMs: BigInt(fact.sinceMs) } };
    case 'progress':
      return { $case: 'progress', value: tallyToProto(fact) };
    case 'ended':
      return { $case: 'ended', value: { finalMs: BigInt(fact.finalMs), reason: fact.reason, ...tallyToProto(fact) } };
  }
}

function tallyToProto({ analysed, skipped, refused }: { readonly analysed: number; readonly skipped: number; readonly refused: number }) {
  return { analysed: BigInt(analysed), skipped: BigInt(skipped), refused: BigInt(refused) };
}

/** An event of class `call`, as far as it matters here. */
export function fromCallEvent({ id, accountId, callId, call, traceparent, sequence, time, data }: StreamedEvent): CallInput {
  const event = data.class === 'call' ? callEventFromProto(data.value, time.getTime()) : ({ type: 'other' } as const);
  return { eventId: id, accountId, callId, call, traceparent, sequence: Number(sequence), event };
}

type CallEventProto = Extract<StreamedEvent['data'], { class: 'call' }>['value'];

function callEventFromProto({ legId, event }: CallEventProto, atMs: number): CallEvent {
  switch (event?.$case) {
    case 'videoStarted': {
      const party = partyFromProto(event.value.party);
      const mediaOriginMs = event.value.mediaOriginTime?.getTime() ?? atMs;
      // Unset by routers of before there was consent.
      const consents = event.value.counterpartConsents ?? true;
      return party ? { type: 'video_started', party, legId, mediaOriginMs, consents, atMs } : { type: 'other' };
    }
    case 'videoStopped': {
      const party = partyFromProto(event.value.party);
      return party ? { type: 'video_stopped', party, mediaTimeMs: Number(event.value.mediaTimeMs) } : { type: 'other' };
    }
    case 'completed':
      return { type: 'leg_completed', legId, atMs, final: event.value.final };
    default:
      return { type: 'other' };
  }
}

function partyFromProto(party: PartyProto): Party | undefined {
  if (party === PartyProto.CALLER) return 'caller';
  return party === PartyProto.CALLEE ? 'callee' : undefined;
}
