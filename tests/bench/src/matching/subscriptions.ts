import { filterVocabulary, newEvent, type BusEvent } from '@parley/bus';
import { CallEvent, CallStatus, EndCause } from '@parley/contracts';
import { parseFilter, type EventFilter, type FilterExpression } from '@parley/filters';

/** How many subscriptions each event matches. */
export const matches = 10;

/** Subscriptions that are alike: subscription `n` asks for the events of group `n / matches`, each in words of its own. */
export interface Mix {
  readonly name: string;
  readonly filter: (group: number, nth: number) => EventFilter;
}

const lists = { types: [], callIds: [], from: [], to: [], directions: [], filters: [] } satisfies EventFilter;
const callId = (number: number) => `CA${number.toString(16).padStart(32, '0')}`;
// Numbers of eleven digits, of which the first nine tell the group.
const numberPrefix = (group: number) => `+49${1_000_000 + group}`;
const number = (group: number) => `${numberPrefix(group)}42`;
/** A call that never takes place: it makes the filter one that no other subscription has. */
const otherCall = (nth: number) => callId(0xff_ffff_ffff + nth);
const notOtherCall = (nth: number): FilterExpression => ({ not: { exact: { subject: otherCall(nth) } } });

const oneCall: Mix = {
  name: 'one call',
  filter: (group, nth) => ({ ...lists, callIds: [callId(group), otherCall(nth)] }),
};
const prefix: Mix = {
  name: 'prefix of a number',
  filter: (group, nth) => ({ ...lists, filters: [{ prefix: { callto: numberPrefix(group) } }, notOtherCall(nth)] }),
};
const typeAndNumber: Mix = {
  name: 'type and number',
  filter: (group, nth) => ({ ...lists, types: ['call.completed', 'billing.charged'], to: [number(group)], filters: [notOtherCall(nth)] }),
};
const anyAndNot: Mix = {
  name: 'any and not',
  filter: (group, nth) => ({
    ...lists,
    filters: [
      { any: [{ exact: { subject: otherCall(nth) } }, { all: [{ exact: { callto: number(group), 'data.status': 'completed' } }, { not: { exact: { calldirection: 'outbound-api' } } }] }] },
      { not: { prefix: { type: 'app.' } } },
    ],
  }),
};
const kinds = [oneCall, prefix, typeAndNumber, anyAndNot];

export const mixes: readonly Mix[] = [...kinds, { name: 'all of these', filter: (group, nth) => kinds[nth % kinds.length]!.filter(group, nth) }];

/** As clients send them: checked. */
export function subscriptions(mix: Mix, count: number): readonly EventFilter[] {
  return Array.from({ length: count }, (_, nth) => parseFilter(mix.filter(Math.floor(nth / matches), nth), filterVocabulary));
}

/** Events that match `matches` of so many subscriptions each. None shares a text with another, as it is on the wire. */
export function events(count: number, subscriptionCount: number): readonly BusEvent[] {
  const groups = subscriptionCount / matches;
  return Array.from({ length: count }, (_, nth) => {
    const group = (nth * 7_919) % groups;
    return newEvent({
      accountId: 'acme',
      callId: callId(group),
      time: new Date(0),
      sequence: BigInt(nth),
      call: { from: 'client:alice', to: number(group), direction: 'inbound' },
      data: { class: 'call', value: CallEvent.fromPartial({ legId: callId(group), event: { $case: 'completed', value: { status: CallStatus.COMPLETED, cause: EndCause.HANGUP, final: true } } }) },
    });
  });
}
