import type { CallEvent, Initiated, PublishedEvent } from './call-event.ts';
import { mediaTimeMs, type CallState, type ExistingCall, type LiveCall } from './call-state.ts';
import { withCallback } from './status-callbacks.ts';
import { withProgram } from './evolve-program.ts';
import type { Leg } from './leg.ts';
import { grantAskedInVain, grantFrom } from './policy.ts';

type Of<K extends PublishedEvent['kind']> = Extract<PublishedEvent, { kind: K }>;

/** A repeat of an API request is recognised among this many of the latest. */
const requestsKept = 200;

/** The state after an event. Total: an event that does not fit the state leaves it as it is. */
export function evolve(state: CallState, event: CallEvent): CallState {
  if (state.kind === 'absent') return event.kind === 'initiated' && event.root !== undefined ? newCall(event) : state;
  if (event.kind === 'status_callback_settled') {
    return { ...state, callbacks: state.callbacks.filter(({ number }) => number !== event.number) };
  }
  if (state.kind === 'ended') return state;
  return 'sequence' in event ? published(state, event) : withGrant(state, event);
}

function newCall(event: Of<'initiated'>): CallState {
  const { accountId, application, charge } = event.root!;
  const call: LiveCall = {
    kind: 'live',
    callId: event.legId,
    accountId,
    application,
    direction: event.direction === 'inbound' ? 'inbound' : 'outbound-api',
    from: event.from,
    to: event.to,
    legs: [newLeg(event)],
    ...(charge === undefined ? {} : { charge, grant: grantFrom(0, charge.grantedUntilMs) }),
    nextSequence: event.sequence + 1,
    lastEventMs: event.atMs,
    requests: [],
    callbacks: [],
    nextCallback: 0,
    program: { kind: 'waiting' },
    pace: { documents: 0, inHaste: 0, lastMs: event.atMs },
  };
  return withCallback(call, event);
}

function newLeg({ legId, parentLegId, from, to, direction, consents, atMs, ringUntilMs, timeLimitMs }: Initiated & { legId: string; atMs: number }): Leg {
  return {
    kind: 'initiated',
    legId,
    ...(parentLegId === undefined ? {} : { parentLegId }),
    from,
    to,
    direction,
    initiatedMs: atMs,
    ...(consents && { consents }),
    ...(ringUntilMs === undefined ? {} : { ringUntilMs }),
    ...(timeLimitMs === undefined ? {} : { timeLimitMs }),
  };
}

function published(call: LiveCall, event: PublishedEvent): ExistingCall {
  const numbered: LiveCall = { ...call, nextSequence: event.sequence + 1, lastEventMs: event.atMs };
  const next = withProgram(withCallback(withLegs(withRequests(numbered, event), event), event), event);
  return event.kind === 'completed' && event.final ? ended(next) : next;
}

function ended(call: LiveCall): ExistingCall {
  const { program: _program, pace: _pace, grant: _grant, videoLapsed: _videoLapsed, ...facts } = call;
  return { ...facts, kind: 'ended' };
}

function withRequests(call: LiveCall, event: PublishedEvent): LiveCall {
  if (event.kind !== 'updated' && event.kind !== 'application_event_published') return call;
  const requests = [...call.requests, { requestId: event.requestId, sequence: event.sequence }];
  return { ...call, requests: requests.slice(-requestsKept) };
}

function withLegs(call: LiveCall, event: PublishedEvent): LiveCall {
  if (event.kind === 'initiated') return { ...call, legs: [...call.legs, newLeg(event)] };
  const legs = call.legs.map((leg) => (leg.legId === event.legId ? legAfter(leg, event) : leg));
  if (event.kind === 'video_started') return { ...call, legs, mediaOriginMs: event.mediaOriginMs };
  return { ...call, legs };
}

function legAfter(leg: Leg, event: PublishedEvent): Leg {
  if (leg.kind === 'ended') return leg;
  switch (event.kind) {
    case 'ringing':
      return leg.kind === 'initiated' ? { ...leg, kind: 'ringing' } : leg;
    case 'answered':
      return answeredLeg(event.consents ? { ...leg, consents: true } : leg, event.atMs);
    case 'video_started':
    case 'video_stopped':
      return leg.kind === 'in_progress' ? { ...leg, video: event.kind === 'video_started' } : leg;
    case 'completed':
      return endedLeg(leg, event);
    default:
      return leg;
  }
}

function answeredLeg(leg: Exclude<Leg, { kind: 'ended' }>, atMs: number): Leg {
  if (leg.kind === 'in_progress') return leg;
  const { ringUntilMs: _ring, timeLimitMs, ...facts } = leg;
  return { ...facts, kind: 'in_progress', answeredMs: atMs, video: false, ...(timeLimitMs === undefined ? {} : { endByMs: atMs + timeLimitMs }) };
}

function endedLeg(leg: Exclude<Leg, { kind: 'ended' }>, { status, cause, atMs }: Of<'completed'>): Leg {
  const { legId, parentLegId, from, to, direction, initiatedMs } = leg;
  return {
    kind: 'ended',
    legId,
    ...(parentLegId === undefined ? {} : { parentLegId }),
    from,
    to,
    direction,
    initiatedMs,
    status,
    cause,
    completedMs: atMs,
    ...(leg.kind === 'in_progress' ? { answeredMs: leg.answeredMs } : {}),
  };
}

function withGrant(call: LiveCall, event: Exclude<CallEvent, PublishedEvent>): LiveCall {
  if (call.grant === undefined) return call;
  const atMs = mediaTimeMs(call, event.atMs) ?? 0;
  switch (event.kind) {
    case 'grant_extension_asked':
      return { ...call, grant: { untilMs: call.grant.untilMs } };
    case 'grant_extended':
      return { ...call, grant: event.untilMs > call.grant.untilMs ? grantFrom(atMs, event.untilMs) : grantAskedInVain(call.grant, atMs) };
    case 'grant_not_extended':
      return { ...call, grant: grantAskedInVain(call.grant, atMs) };
    case 'video_lapsed': {
      const { grant: _lapsed, ...rest } = call;
      return { ...rest, videoLapsed: true };
    }
    case 'status_callback_settled':
      return call;
  }
}

