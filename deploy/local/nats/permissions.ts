import { type Role, type StreamName, eventStreams } from './roles.ts';

/** Subjects that a NATS user may publish to and subscribe to; everything else is refused. */
export interface Permissions {
  readonly publish: readonly string[];
  readonly subscribe: readonly string[];
}

/** Where a user's replies arrive. Each has its own, so that none can listen to another's. */
export function inboxPrefix(user: string): string {
  return `_INBOX_${user}`;
}

/** The durable consumer of an account's downstream service, by the same name on each event stream. */
export function downstreamConsumer(account: string): string {
  return `downstream-${account}`;
}

/** What a service's user may do. `accounts` are those with a downstream service. */
export function servicePermissions(service: string, role: Role, accounts: readonly string[]): Permissions {
  const inbox = `${inboxPrefix(service)}.>`;
  const answers = role.exchanges.length === 0 ? [] : [...role.exchanges, inbox]; // an answer goes to the asker's inbox
  return {
    publish: [
      ...role.publishes,
      ...answers,
      '$JS.API.INFO', // what clients ask before anything else
      ...role.reads.flatMap(readSubjects),
      ...role.measures.map((stream) => `$JS.API.STREAM.INFO.${stream}`),
      ...role.looksUp.flatMap(lookUpSubjects),
      ...role.seeksIn.map((stream) => `$JS.API.DIRECT.GET.${stream}`), // by a time, or the next ones of a subject
      ...role.buckets.flatMap(bucketSubjects),
      ...(role.provisionsDownstream ? provisionSubjects(accounts) : []),
    ],
    subscribe: [inbox, ...role.exchanges],
  };
}

/** An ordered pull consumer of nats.js: made under a random name, with any filter, and made anew after a gap. */
function readSubjects(stream: StreamName): string[] {
  return [
    `$JS.API.STREAM.INFO.${stream}`,
    `$JS.API.CONSUMER.CREATE.${stream}`, // with several filters, the name and they stand in the payload
    `$JS.API.CONSUMER.CREATE.${stream}.>`, // with one, behind the name
    `$JS.API.CONSUMER.INFO.${stream}.*`,
    `$JS.API.CONSUMER.MSG.NEXT.${stream}.*`,
    `$JS.API.CONSUMER.DELETE.${stream}.*`,
  ];
}

/** A message by its sequence, or the last one of a subject; the second and third form where a stream allows direct gets. */
function lookUpSubjects(stream: string): string[] {
  return [`$JS.API.STREAM.MSG.GET.${stream}`, `$JS.API.DIRECT.GET.${stream}`, `$JS.API.DIRECT.GET.${stream}.>`];
}

/** A KV bucket is the stream KV_<bucket>; a watch is an ordered push consumer on it, with flow control. */
function bucketSubjects(bucket: string): string[] {
  const stream = `KV_${bucket}`;
  return [
    `$KV.${bucket}.>`,
    `$JS.API.STREAM.INFO.${stream}`,
    ...lookUpSubjects(stream),
    `$JS.API.CONSUMER.CREATE.${stream}.>`,
    `$JS.API.CONSUMER.INFO.${stream}.*`,
    `$JS.API.CONSUMER.DELETE.${stream}.*`,
    `$JS.FC.${stream}.*.*`,
    `$JS.FC.*.*.${stream}.*.*`, // the second form of the subject: see ackSubjects
  ];
}

/**
 * Making and removing accounts' durable consumers. NATS wildcards match whole tokens, so that "every consumer whose name
 * begins with downstream-" cannot be said and the accounts are listed. What can be said is the filter: it stands in the
 * subject and the server holds the payload to it, so that a consumer made here can only be for that account's events.
 * Asking is free for any name: "there is none" is the usual answer, for accounts that are not listed too.
 */
function provisionSubjects(accounts: readonly string[]): string[] {
  return eventStreams.flatMap(({ stream, eventClass }) => [
    `$JS.API.CONSUMER.INFO.${stream}.*`,
    ...accounts.flatMap((account) => [
      `$JS.API.CONSUMER.CREATE.${stream}.${downstreamConsumer(account)}.evt.${eventClass}.*.${account}`,
      `$JS.API.CONSUMER.DELETE.${stream}.${downstreamConsumer(account)}`,
    ]),
  ]);
}

/** One thing of Parley's NATS account that an account's downstream service may use. */
export interface DownstreamAccess {
  /** The subject in Parley's NATS account. */
  readonly subject: string;
  /** The subject by which the downstream service asks. */
  readonly as: string;
  /** Whether a request has many replies. */
  readonly streams: boolean;
}

/** The JetStream domain under which a downstream service sees Parley's streams. */
export const downstreamDomain = 'parley';

/** All that a downstream service may do: fetch from its own three consumers, acknowledge, and ask about them. */
export function downstreamAccess(account: string): DownstreamAccess[] {
  const consumer = downstreamConsumer(account);
  return eventStreams.flatMap(({ stream }) => [
    api(`CONSUMER.INFO.${stream}.${consumer}`, false),
    api(`CONSUMER.MSG.NEXT.${stream}.${consumer}`, true),
    ...ackSubjects(stream, consumer).map((subject) => ({ subject, as: subject, streams: false })),
  ]);
}

function api(request: string, streams: boolean): DownstreamAccess {
  return { subject: `$JS.API.${request}`, as: `$JS.${downstreamDomain}.API.${request}`, streams };
}

/**
 * Acknowledgements: today's form of the subject, and the one with domain and account hash that servers since 2.14 know
 * and are going to make the default (feature flag `js_ack_fc_v2`). Each with its exact number of tokens: a `>` would
 * let the second form match the first one's subjects of another account's consumer.
 */
function ackSubjects(stream: string, consumer: string): string[] {
  const counters = '*.*.*.*.*'; // deliveries, stream sequence, consumer sequence, timestamp, pending
  return [`$JS.ACK.${stream}.${consumer}.${counters}`, `$JS.ACK.*.*.${stream}.${consumer}.${counters}`];
}

/** What a downstream service's user may do inside its own NATS account. */
export function downstreamPermissions(account: string): Permissions {
  return {
    publish: downstreamAccess(account).map((access) => access.as),
    subscribe: [`${inboxPrefix(account)}.>`],
  };
}
