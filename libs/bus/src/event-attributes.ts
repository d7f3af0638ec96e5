import { CallStatus, Channel, ChargeReason, Direction, EndCause, Party, type BillingEvent, type CallEvent, type ReactionEvent } from '@parley/contracts';
import { sequenceText, type BusEvent } from './event.ts';
import { eventCodecs, eventTypes, type EventClass } from './event-types.ts';

type Case = NonNullable<CallEvent['event'] | ReactionEvent['event'] | BillingEvent['event']>;
type Names = readonly (string | undefined)[];
type Message<Name extends Case['$case']> = Extract<Case, { readonly $case: Name }>['value'];
/** How a field is read, by the case of the class's `oneof` that has it. */
type Fields = { readonly [Name in Case['$case']]?: (message: Message<Name>) => string | undefined };

/** The lower-case names of an enum without their prefix, by number; an unspecified value has none. */
function namesOf(values: Readonly<Record<string, number>>): Names {
  const names: (string | undefined)[] = [];
  for (const [name, number] of Object.entries(values)) names[number] = number === 0 ? undefined : name.toLowerCase();
  return names;
}

const parties = namesOf(Party);
const channels = namesOf(Channel);
const directions = namesOf(Direction);
const statuses = namesOf(CallStatus);
const causes = namesOf(EndCause);
const chargeReasons = namesOf(ChargeReason);

// What proto3 does not tell from "not set" is no attribute.
const text = (value: string) => (value === '' ? undefined : value);
const code = (value: number) => (value === 0 ? undefined : String(value));

/** Attributes of event data that a filter may name: never what people said, typed or keyed in. */
const dataFields = {
  'data.parent_leg_id': { initiated: (message) => text(message.parentLegId) },
  'data.other_leg_id': { bridged: (message) => text(message.otherLegId) },
  'data.application_id': { initiated: (message) => text(message.applicationId) },
  'data.from': { initiated: (message) => text(message.from), channelChanged: (message) => channels[message.from] },
  'data.to': { initiated: (message) => text(message.to), channelChanged: (message) => channels[message.to] },
  'data.direction': { initiated: (message) => directions[message.direction] },
  'data.verb': { verbStarted: (message) => text(message.verb), verbEnded: (message) => text(message.verb) },
  'data.outcome': { verbEnded: (message) => text(message.outcome) },
  'data.code': { instructionsFailed: (message) => text(message.code), verbEnded: (message) => text(message.code) },
  'data.twilio_code': { instructionsFailed: (message) => code(message.twilioCode) },
  'data.http_status': { instructionsFailed: (message) => code(message.httpStatus) },
  'data.fallback': { instructionsFailed: (message) => String(message.fallback) },
  'data.hang_up': { updated: (message) => String(message.hangUp) },
  'data.status': { completed: (message) => statuses[message.status] },
  'data.cause': { completed: (message) => causes[message.cause] },
  'data.final': { completed: (message) => String(message.final) },
  'data.policy_id': { observing: (message) => text(message.policyId) },
  'data.channel': { present: (message) => channels[message.channel], resumed: (message) => channels[message.channel] },
  'data.wallet_id': {
    started: (message) => text(message.walletId),
    balanceLow: (message) => text(message.walletId),
    balanceExhausted: (message) => text(message.walletId),
  },
  'data.entry_id': { charged: (message) => text(message.entryId), adjusted: (message) => text(message.entryId) },
  'data.reason': {
    ended: (message) => text(message.reason),
    suspended: (message) => chargeReasons[message.reason],
    settled: (message) => text(message.reason),
    adjusted: (message) => text(message.reason),
  },
} as const satisfies Readonly<Record<string, Fields>>;

type Reader = (event: BusEvent) => string | undefined;

function readerOf(fields: Fields): Reader {
  const byCase = fields as Readonly<Record<string, ((message: unknown) => string | undefined) | undefined>>;
  return ({ data }) => {
    const { event } = data.value;
    return event === undefined ? undefined : byCase[event.$case]?.(event.value);
  };
}

function legId({ data }: BusEvent): string | undefined {
  return data.class === 'billing' ? undefined : text(data.value.legId);
}

function party({ data }: BusEvent): string | undefined {
  if (data.class === 'reaction') return parties[data.value.party];
  if (data.class === 'billing') return parties[data.value.payer ?? Party.UNSPECIFIED];
  const { event } = data.value;
  return event?.$case === 'videoStarted' || event?.$case === 'videoStopped' ? parties[event.value.party] : undefined;
}

/** By the first word of the type, so that the data need not be looked at. */
const schemas: Readonly<Record<string, string>> = { ...mapValues(eventCodecs, ({ schema }) => schema), app: eventCodecs.call.schema };

function mapValues<Key extends string, From, To>(values: Readonly<Record<Key, From>>, map: (value: From) => To): Record<Key, To> {
  return Object.fromEntries(Object.entries<From>(values).map(([key, value]) => [key, map(value)])) as Record<Key, To>;
}

const readers: ReadonlyMap<string, Reader> = new Map<string, Reader>([
  ['id', (event) => event.id],
  ['source', (event) => event.source],
  ['type', (event) => event.type],
  ['subject', (event) => event.callId],
  ['time', (event) => event.time.toISOString()],
  ['sequence', (event) => sequenceText(event.sequence)],
  ['causationid', (event) => text(event.causationId)],
  ['dataschema', (event) => schemas[event.type.slice(0, event.type.indexOf('.'))]],
  ['callfrom', (event) => text(event.call.from)],
  ['callto', (event) => text(event.call.to)],
  ['calldirection', (event) => event.call.direction],
  ['data.leg_id', legId],
  ['data.party', party],
  ...Object.entries<Fields>(dataFields).map(([name, fields]) => [name, readerOf(fields)] as const),
]);

/**
 * The value of an attribute of docs/events.md, as text: what a filter compares. Only a name that begins with `data.` has
 * the event's data looked at.
 * @returns undefined for an event that has no such attribute.
 */
export function attributeOf(event: BusEvent, name: string): string | undefined {
  return readers.get(name)?.(event);
}

const known = (names: Names): readonly string[] => names.filter((name) => name !== undefined);
const truths = ['true', 'false'];

/** Every type of the catalogue, and every attribute, that a filter may name; and the values of those that have no others. */
export const filterVocabulary: { readonly types: readonly string[]; readonly attributes: readonly string[]; readonly values: Readonly<Record<string, readonly string[]>> } = {
  types: Object.values(eventTypes).flatMap((types) => Object.values(types)),
  attributes: [...readers.keys()],
  values: {
    calldirection: ['inbound', 'outbound-api'],
    'data.party': known(parties),
    'data.channel': known(channels),
    'data.direction': known(directions),
    'data.status': known(statuses),
    'data.cause': known(causes),
    'data.fallback': truths,
    'data.hang_up': truths,
    'data.final': truths,
  },
};

/** How the types of each class begin: what applications publish is in the sequence, and the stream, of the call. */
export const classTypePrefixes: Readonly<Record<EventClass, readonly string[]>> = { call: ['call.', 'app.'], reaction: ['reaction.'], billing: ['billing.'] };
