import { CallStatus, Direction, EndCause, OnExhausted, Party, RoundingMode } from '@parley/contracts';
import type * as leg from '../domain/call/leg.ts';
import type * as policy from '../domain/call/policy.ts';

// Words of the domain as enums of the contracts.

export function directionProto(direction: leg.Direction): Direction {
  return directions[direction];
}

export function partyProto(party: leg.Party): Party {
  return party === 'caller' ? Party.CALLER : Party.CALLEE;
}

const directions: Readonly<Record<leg.Direction, Direction>> = {
  inbound: Direction.INBOUND,
  'outbound-api': Direction.OUTBOUND_API,
  'outbound-dial': Direction.OUTBOUND_DIAL,
};

export const finalStatuses: Readonly<Record<leg.FinalStatus, CallStatus>> = {
  completed: CallStatus.COMPLETED,
  busy: CallStatus.BUSY,
  failed: CallStatus.FAILED,
  'no-answer': CallStatus.NO_ANSWER,
  canceled: CallStatus.CANCELED,
};

export const endCauses: Readonly<Record<leg.EndCause, EndCause>> = {
  hangup: EndCause.HANGUP,
  instructions_ended: EndCause.INSTRUCTIONS_ENDED,
  rejected: EndCause.REJECTED,
  busy: EndCause.BUSY,
  no_answer: EndCause.NO_ANSWER,
  canceled: EndCause.CANCELED,
  unreachable: EndCause.UNREACHABLE,
  device_lost: EndCause.DEVICE_LOST,
  router_lost: EndCause.ROUTER_LOST,
  instructions_failed: EndCause.INSTRUCTIONS_FAILED,
  not_authorized: EndCause.NOT_AUTHORIZED,
  grant_lapsed: EndCause.GRANT_LAPSED,
  api: EndCause.API,
  internal: EndCause.INTERNAL,
};

export const roundings: Readonly<Record<policy.RoundingMode, RoundingMode>> = {
  half_even: RoundingMode.HALF_EVEN,
  half_up: RoundingMode.HALF_UP,
  down: RoundingMode.DOWN,
  up: RoundingMode.UP,
};

export const onExhausted: Readonly<Record<policy.OnExhausted, OnExhausted>> = { end: OnExhausted.END, downgrade: OnExhausted.DOWNGRADE };

/** The word of an enum's value, or undefined for a value that this build does not know. */
export function wordOf<W extends string>(words: Readonly<Record<W, number>>, value: number): W | undefined {
  return (Object.keys(words) as W[]).find((word) => words[word] === value);
}
