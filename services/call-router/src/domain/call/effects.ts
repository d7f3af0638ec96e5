import type { CallEvent, PublishedEvent } from './call-event.ts';
import { counterpartOf, rootLeg, type CallState, type ExistingCall } from './call-state.ts';
import type { DeviceMessage } from './device-message.ts';
import type { Effect } from './effect.ts';
import { evolve } from './evolve.ts';
import { callbackKinds } from './status-callbacks.ts';

/** What is to be done outside because of a decision's events, in their order. */
export function effectsOfAll(before: CallState, events: readonly CallEvent[]): Effect[] {
  let state = before;
  return events.flatMap((event) => {
    state = evolve(state, event);
    return effectsOf(event, state);
  });
}

/** What whoever takes over an ended call has still to do. */
export function pendingEffects(state: CallState): Effect[] {
  if (state.kind !== 'ended') return [];
  return state.callbacks.slice(0, 1).map((callback) => ({ kind: 'post_status_callback', callback }));
}

/** What is to be done outside because of an event. `state`: the call after it. */
export function effectsOf(event: CallEvent, state: CallState): readonly Effect[] {
  if (state.kind === 'absent') return [];
  if (!('sequence' in event)) return noteEffects(event, state);
  return [...deviceEffects(event, state), ...programEffects(event, state), ...callbackEffects(event, state)];
}

function noteEffects(event: CallEvent, state: ExistingCall): Effect[] {
  switch (event.kind) {
    case 'grant_extension_asked':
      return [{ kind: 'extend_grant' }];
    case 'video_lapsed':
      return state.legs.filter(({ kind }) => kind === 'in_progress').map(({ legId }) => tell(legId, { kind: 'video_ended', legId, cause: 'grant_lapsed' }));
    case 'status_callback_settled':
      return state.callbacks.slice(0, 1).map((callback) => ({ kind: 'post_status_callback', callback }));
    default:
      return [];
  }
}

/** Status callbacks go out one after the other: the first one in line starts, the others follow when it is settled. */
function callbackEffects({ legId, kind }: PublishedEvent, { callId, callbacks, nextCallback }: ExistingCall): Effect[] {
  const [first] = callbacks;
  const justAdded = legId === callId && callbackKinds.has(kind) && first?.number === nextCallback - 1;
  return justAdded ? [{ kind: 'post_status_callback', callback: first }] : [];
}

function tell(legId: string, message: DeviceMessage): Effect {
  return { kind: 'tell_device', legId, message };
}

function deviceEffects(event: PublishedEvent, state: ExistingCall): Effect[] {
  const { legId } = event;
  const rootId = rootLeg(state).legId;
  switch (event.kind) {
    case 'initiated':
      return initiatedEffects(event);
    case 'ringing':
      // The caller hears that its call, or the one dialled for it, rings; the called device knows.
      return state.direction === 'inbound' || legId !== rootId ? [tell(rootId, { kind: 'leg_ringing', legId: rootId })] : [];
    case 'answered':
      return [tell(legId, { kind: 'leg_answered', legId })];
    case 'bridged':
      return [
        tell(legId, { kind: 'leg_bridged', legId, otherLegId: event.otherLegId }),
        tell(event.otherLegId, { kind: 'leg_bridged', legId: event.otherLegId, otherLegId: legId }),
      ];
    case 'completed':
      return [tell(legId, { kind: 'leg_ended', legId, status: event.status, cause: event.cause })];
    case 'digits_received':
    case 'text_received':
      return toCounterpart(event, state);
    case 'video_started':
      return [{ kind: 'grant_observation', legId, video: { startedMs: event.atMs, mediaOriginMs: event.mediaOriginMs, counterpartConsents: event.counterpartConsents } }];
    default:
      return [];
  }
}

function initiatedEffects({ direction, legId, root }: Extract<PublishedEvent, { kind: 'initiated' }>): Effect[] {
  if (direction !== 'inbound') return [{ kind: 'ring_device', legId }];
  const requestId = root?.requestId;
  return requestId === undefined ? [] : [tell(legId, { kind: 'call_placed', requestId, callId: legId, legId })];
}

function toCounterpart(event: Extract<PublishedEvent, { kind: 'digits_received' | 'text_received' }>, state: ExistingCall): Effect[] {
  const legId = counterpartOf(state, event.legId);
  if (legId === undefined) return [];
  return [tell(legId, event.kind === 'digits_received' ? { kind: event.kind, legId, digits: event.digits } : { kind: event.kind, legId, text: event.text })];
}

function programEffects(event: PublishedEvent, state: ExistingCall): Effect[] {
  if (event.kind === 'verb_ended' && event.verb === 'Say') return [{ kind: 'stop_saying' }, ...fetchEffects(event, state)];
  if (event.kind === 'verb_started' && event.verb.verb === 'Say') {
    const { text, loop } = event.verb;
    return [{ kind: 'say', turn: event.sequence, legId: rootLeg(state).legId, text, loop }];
  }
  return fetchEffects(event, state);
}

function fetchEffects(event: PublishedEvent, state: ExistingCall): Effect[] {
  if (state.kind !== 'live' || state.program.kind !== 'fetching' || state.program.turn !== event.sequence) return [];
  return [{ kind: 'fetch_instructions', turn: event.sequence, request: state.program.request }];
}
