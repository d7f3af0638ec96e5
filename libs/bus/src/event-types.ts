import { BillingEvent, CallEvent, ReactionEvent } from '@parley/contracts';

/** The broker and the edge share events out by class; each class has its own stream. */
export type EventClass = 'call' | 'reaction' | 'billing';

/** What happened, with the class that says which message it is. */
export type EventData =
  | { readonly class: 'call'; readonly value: CallEvent }
  | { readonly class: 'reaction'; readonly value: ReactionEvent }
  | { readonly class: 'billing'; readonly value: BillingEvent };

type CaseOf<Message extends { event?: { $case: string } | undefined }> = NonNullable<Message['event']>['$case'];

/** Prefix of the types of events that applications publish about their own calls. */
export const applicationEventPrefix = 'app.';

// `satisfies` makes the compiler demand a row for each event message in proto/.
const callTypes = {
  initiated: 'call.initiated',
  ringing: 'call.ringing',
  answered: 'call.answered',
  bridged: 'call.bridged',
  instructionsFetched: 'call.instructions_fetched',
  instructionsFailed: 'call.instructions_failed',
  verbStarted: 'call.verb_started',
  verbEnded: 'call.verb_ended',
  digitsReceived: 'call.digits_received',
  textReceived: 'call.text_received',
  videoStarted: 'call.video_started',
  videoStopped: 'call.video_stopped',
  updated: 'call.updated',
  completed: 'call.completed',
  applicationEventPublished: 'app.*',
} as const satisfies Record<CaseOf<CallEvent>, string>;

const reactionTypes = {
  observing: 'reaction.observing',
  present: 'reaction.present',
  channelChanged: 'reaction.channel_changed',
  absent: 'reaction.absent',
  progress: 'reaction.progress',
  ended: 'reaction.ended',
  withheld: 'reaction.withheld',
} as const satisfies Record<CaseOf<ReactionEvent>, string>;

const billingTypes = {
  started: 'billing.started',
  suspended: 'billing.suspended',
  resumed: 'billing.resumed',
  charged: 'billing.charged',
  balanceLow: 'billing.balance_low',
  balanceExhausted: 'billing.balance_exhausted',
  settled: 'billing.settled',
  adjusted: 'billing.adjusted',
} as const satisfies Record<CaseOf<BillingEvent>, string>;

/** Every event type of the catalogue, by class and by the case of the class's `oneof`. */
export const eventTypes = { call: callTypes, reaction: reactionTypes, billing: billingTypes } as const;

/** The one codec of each class and the name of its message (`ce-dataschema`). */
export const eventCodecs = {
  call: { codec: CallEvent, schema: 'parley.call.v1.CallEvent' },
  reaction: { codec: ReactionEvent, schema: 'parley.reaction.v1.ReactionEvent' },
  billing: { codec: BillingEvent, schema: 'parley.billing.v1.BillingEvent' },
} as const;

/**
 * The type of an event, e.g. `call.answered` or `app.order_placed`.
 * @returns undefined for an event that a newer producer wrote and this build does not know.
 */
export function eventTypeOf(data: EventData): string | undefined {
  const event = data.value.event;
  if (event === undefined) return undefined;
  if (event.$case === 'applicationEventPublished') return `${applicationEventPrefix}${event.value.name}`;
  const types: Record<string, string> = eventTypes[data.class];
  return types[event.$case];
}

/** Encodes what happened with its class's codec. */
export function encodeData(data: EventData): Uint8Array {
  switch (data.class) {
    case 'call':
      return CallEvent.encode(data.value).finish();
    case 'reaction':
      return ReactionEvent.encode(data.value).finish();
    case 'billing':
      return BillingEvent.encode(data.value).finish();
  }
}

/** @throws if the payload is not a message of the class. */
export function decodeData(eventClass: EventClass, payload: Uint8Array): EventData {
  switch (eventClass) {
    case 'call':
      return { class: eventClass, value: CallEvent.decode(payload) };
    case 'reaction':
      return { class: eventClass, value: ReactionEvent.decode(payload) };
    case 'billing':
      return { class: eventClass, value: BillingEvent.decode(payload) };
  }
}
