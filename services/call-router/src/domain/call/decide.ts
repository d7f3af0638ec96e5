import type { ErrorCode } from '@parley/errors';
import { advance } from './advance.ts';
import type { CallCommand, PlaceCall } from './call-command.ts';
import type { CallEvent, PublishedFact } from './call-event.ts';
import type { CallState, EndedCall, LiveCall } from './call-state.ts';
import { onApiCommand } from './commands/api-commands.ts';
import { onDeviceCommand } from './commands/device-commands.ts';
import { afterPlacing, placedLeg } from './commands/place-call.ts';
import { onProgramCommand } from './commands/program-commands.ts';
import { meetDeadlines } from './deadlines.ts';
import { endCall } from './ending.ts';
import { evolve } from './evolve.ts';
import type { Ids, Turn } from './turn.ts';

export interface Decision {
  readonly events: readonly CallEvent[];
  /** The state after the events. */
  readonly state: CallState;
  /** Why nothing happened. */
  readonly refusal?: ErrorCode;
}

/**
 * What a command makes happen. Total: any command in any state gives a decision.
 * @param nowMs instant of the command; an earlier one than the call's last event counts as that.
 */
export function decide(command: CallCommand, state: CallState, nowMs: number, ids: Ids): Decision {
  switch (state.kind) {
    case 'absent':
      return command.kind === 'place_call' ? place(command, nowMs, ids) : refused(state, 'not_found.call');
    case 'ended':
      return command.kind === 'status_callback_settled' ? settleCallback(command.number, state, nowMs) : afterEnd(command, state);
    case 'live':
      return go(command, state, nowMs, ids);
  }
}

function refused(state: CallState, refusal: ErrorCode): Decision {
  return { events: [], state, refusal };
}

/** Answers to what the call asked for may come late, and requests that were carried out may be repeated. */
function afterEnd(command: CallCommand, state: EndedCall): Decision {
  const late = 'turn' in command || 'untilMs' in command || lateKinds.has(command.kind);
  const repeated = 'requestId' in command && state.requests.some(({ requestId }) => requestId === command.requestId);
  return late || repeated ? { events: [], state } : refused(state, 'call.ended');
}

const lateKinds: ReadonlySet<CallCommand['kind']> = new Set(['time_passed', 'router_lost', 'grant_not_extended', 'device_lost', 'device_unreachable']);

/** Only the first in line is under way, so only that can be settled. */
function settleCallback(number: number, state: Exclude<CallState, { kind: 'absent' }>, nowMs: number): Decision {
  if (state.callbacks[0]?.number !== number) return { events: [], state };
  const note: CallEvent = { kind: 'status_callback_settled', number, atMs: Math.max(nowMs, state.lastEventMs) };
  return { events: [note], state: evolve(state, note) };
}

function place(command: PlaceCall, nowMs: number, ids: Ids): Decision {
  const initiated: CallEvent = { ...placedLeg(command, nowMs), sequence: 0, legId: command.callId, atMs: nowMs };
  const state = evolve({ kind: 'absent' }, initiated) as LiveCall;
  const turn = beginTurn(state, nowMs, ids);
  afterPlacing(turn, command);
  return { events: [initiated, ...turn.events], state: turn.state };
}

function go(command: CallCommand, state: LiveCall, nowMs: number, ids: Ids): Decision {
  if (command.kind === 'status_callback_settled') return settleCallback(command.number, state, nowMs);
  const turn = beginTurn(state, Math.max(nowMs, state.lastEventMs), ids);
  const refusal = carryOut(turn, command);
  advance(turn);
  return { events: turn.events, state: turn.state, ...(refusal === undefined ? {} : { refusal }) };
}

type LiveCommand = Exclude<CallCommand, { kind: 'status_callback_settled' }>;

function carryOut(turn: Turn, command: LiveCommand): ErrorCode | undefined {
  switch (command.kind) {
    case 'place_call':
      return 'request.conflict';
    case 'instructions_received':
    case 'instructions_missing':
    case 'speech_ended':
      return onProgramCommand(turn, command);
    case 'update':
    case 'publish_application_event':
      return onApiCommand(turn, command);
    case 'grant_extended':
    case 'grant_not_extended':
      // Extended by nothing is not extended; a call that is free has no grant.
      if (turn.call.grant !== undefined) turn.note(command);
      return undefined;
    case 'time_passed':
      meetDeadlines(turn);
      return undefined;
    case 'router_lost':
      endCall(turn, 'router_lost');
      return undefined;
    default:
      return onDeviceCommand(turn, command);
  }
}

/** A turn that applies each event as it is emitted. */
function beginTurn(before: LiveCall, nowMs: number, ids: Ids): Turn & { readonly events: CallEvent[]; readonly state: CallState } {
  const events: CallEvent[] = [];
  let state: CallState = before;
  let call = before;
  const apply = (event: CallEvent) => {
    events.push(event);
    state = evolve(state, event);
    if (state.kind === 'live') call = state;
  };
  return {
    events,
    nowMs,
    newLegId: () => ids.newLegId(),
    get call() {
      return call;
    },
    get state() {
      return state;
    },
    get ended() {
      return state.kind === 'ended';
    },
    emit: (legId: string, fact: PublishedFact) => apply({ ...fact, sequence: call.nextSequence, legId, atMs: nowMs }),
    note: (note) => apply({ ...note, atMs: nowMs }),
  };
}
