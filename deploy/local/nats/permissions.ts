import { type Role, type StreamName, eventStreams } from './roles.ts';

type AckForm = (stream: string, consumer: string) => string;

/** Deliveries, stream sequence, consumer sequence, timestamp, pending. */
const ackCounters = '*.*.*.*.*';

/**
 * Acknowledgements: today's form of the subject, and the one with domain and account hash that servers since 2.14 know
 * and are going to make the default (feature flag `js_ack_fc_v2`). Each with its exact number of tokens: a `>` would
 * let the second form match the first one's subjects of another account's consumer.
 */
const ackForms: readonly AckForm[] = [
  (stream, consumer) => `$JS.ACK.${stream}.${consumer}.${ackCounters}`,
  (stream, consumer) => `$JS.ACK.*.*.${stream}.${consumer}.${ackCounters}`,
];

/** Subjects that a NATS user may publish to and subscribe to; everything else is refused. */
export interface Permissions {
  readonly publish: readonly string[];
  readonly subscribe: readonly string[];
}

/** Where a user's replies arrive. Each has its own, so that none can listen to another's. */
export function inboxPrefix(user: string): string {
  return `_INBOX_${user}`;
}

/** What a service's user may do. */
export function servicePermissions(service: string, role: Role): Permissions {
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
      ...(role.provisionsDownstream ? provisionSubjects() : []),
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
    `$JS.FC.*.*.${stream}.*.*`, // the second form of the subject: see ackForms
  ];
}

/**
 * Making and removing the durable consumers of any account. The filter stands in the subject, and the server holds the
 * payload to it: so that a consumer made here is for events of one class by partition and account, and not for the ledger.
 * NATS wildcards match whole tokens: neither "a name that begins with downstream-" nor "the account of the name" can be said.
 */
function provisionSubjects(): string[] {
  return eventStreams.flatMap(({ stream, eventClass }) => [
    `$JS.API.CONSUMER.INFO.${stream}.*`,
    `$JS.API.CONSUMER.CREATE.${stream}.*.evt.${eventClass}.*.*`,
    `$JS.API.CONSUMER.DELETE.${stream}.*`,
  ]);
}

/** The JetStream domain under which a downstream service sees Parley's streams. */
export const downstreamDomain = 'parley';

/** One kind of request of downstream services, which is imported from Parley's NATS account into theirs. */
export interface DownstreamAccess {
  /** The subject in Parley's NATS account. */
  readonly subject: string;
  /** The subject by which a downstream service asks; `$1` is what the first `*` matched, and so on. */
  readonly localSubject: string;
  /** The subjects of these that one of them may use. */
  readonly permitted: string;
  /** Whether a request has many replies. */
  readonly streams: boolean;
}

/**
 * Placeholders which the server fills in from the user's JWT: its name, which is the consumer's, and its public key.
 * Each credential has a key pair of its own, and nobody but its user and the operator know even the public half, so that
 * nobody else can name an inbox of its to have something delivered there.
 */
const ownConsumer = '{{name()}}';
const ownInbox = `${inboxPrefix('{{subject()}}')}.>`;

/** All that downstream services may do: fetch from their own consumer on each stream, acknowledge, and ask about it. */
export const downstreamAccess: readonly DownstreamAccess[] = eventStreams.flatMap(({ stream }) => [
  api('CONSUMER.INFO', stream, false),
  api('CONSUMER.MSG.NEXT', stream, true),
  ...ackForms.map((form) => acknowledgement(form, stream)),
]);

function api(request: string, stream: string, streams: boolean): DownstreamAccess {
  const as = (consumer: string) => `$JS.${downstreamDomain}.API.${request}.${stream}.${consumer}`;
  return { subject: `$JS.API.${request}.${stream}.*`, localSubject: as('$1'), permitted: as(ownConsumer), streams };
}

function acknowledgement(form: AckForm, stream: string): DownstreamAccess {
  const subject = form(stream, '*');
  return { subject, localSubject: numbered(subject), permitted: form(stream, ownConsumer), streams: false };
}

/** Each `*` of a subject as `$1`, `$2`, …: an import under the same subject. */
function numbered(subject: string): string {
  let wildcards = 0;
  return subject.replaceAll('*', () => `$${(wildcards += 1)}`);
}

/** What a downstream service's user may do. */
export function downstreamPermissions(): Permissions {
  return { publish: downstreamAccess.map(({ permitted }) => permitted), subscribe: [ownInbox] };
}
