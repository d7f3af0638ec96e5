/**
 * Who may do what on NATS. This file is the table; permissions.ts turns it into subjects.
 *
 * Each service has a user of its own and may do what is listed here and nothing else. Streams and buckets are declared
 * by `platform`; no service can create, change, purge or delete one.
 */

export interface Role {
  /** Subjects that it publishes to: its own class of event, for which it is the one producer. */
  readonly publishes: readonly string[];
  /** Streams that it reads, with ordered consumers that nothing outlives. */
  readonly reads: readonly StreamName[];
  /** Streams of which it asks how far they reach, without reading them. */
  readonly measures: readonly StreamName[];
  /** Streams in which it looks up single messages, such as the last one of a subject. */
  readonly looksUp: readonly StreamName[];
  /** Streams in which it finds where a time stands and a call begins. */
  readonly seeksIn: readonly StreamName[];
  /** Its own KV buckets: read, watch, write. */
  readonly buckets: readonly string[];
  /** Core NATS subjects on which its replicas ask and answer each other. */
  readonly exchanges: readonly string[];
  /** Whether it makes, changes and removes the durable consumers of downstream services, one per account and stream. */
  readonly provisionsDownstream: boolean;
}

export type StreamName = 'CALL_EVENTS' | 'REACTION_EVENTS' | 'BILLING_EVENTS' | 'SUBSCRIPTIONS' | 'LEDGER' | 'FINDINGS';

/** The streams whose events accounts may get, with the class that stands in their subjects. */
export const eventStreams = [
  { stream: 'CALL_EVENTS', eventClass: 'call' },
  { stream: 'REACTION_EVENTS', eventClass: 'reaction' },
  { stream: 'BILLING_EVENTS', eventClass: 'billing' },
] as const satisfies readonly { stream: StreamName; eventClass: string }[];

export const serviceNames = ['call-router', 'event-router', 'subscription', 'recognition', 'billing'] as const;
export type ServiceName = (typeof serviceNames)[number];

export const roles: Readonly<Record<ServiceName, Role>> = {
  'call-router': {
    publishes: ['evt.call.>'],
    reads: ['BILLING_EVENTS'],
    measures: [],
    looksUp: [],
    seeksIn: [],
    buckets: ['leases-call-router', 'devices'],
    exchanges: ['cmd.router.*'],
    provisionsDownstream: false,
  },
  'event-router': {
    publishes: [],
    reads: ['CALL_EVENTS', 'REACTION_EVENTS', 'BILLING_EVENTS', 'SUBSCRIPTIONS'],
    measures: [],
    looksUp: ['CALL_EVENTS', 'REACTION_EVENTS', 'BILLING_EVENTS', 'SUBSCRIPTIONS'],
    seeksIn: [],
    buckets: ['leases-event-router'],
    exchanges: [],
    provisionsDownstream: false,
  },
  subscription: {
    publishes: ['sub.>'],
    reads: [],
    measures: ['CALL_EVENTS', 'REACTION_EVENTS', 'BILLING_EVENTS'],
    looksUp: ['SUBSCRIPTIONS'],
    seeksIn: ['CALL_EVENTS', 'REACTION_EVENTS', 'BILLING_EVENTS'],
    buckets: [],
    exchanges: [],
    provisionsDownstream: true,
  },
  recognition: {
    publishes: ['evt.reaction.>', 'findings.>'],
    reads: ['CALL_EVENTS'],
    measures: [],
    looksUp: [],
    seeksIn: [],
    buckets: ['leases-recognition'],
    exchanges: [],
    provisionsDownstream: false,
  },
  billing: {
    publishes: ['evt.billing.>', 'ledger.>'],
    // Its own events to hold them against what follows (ExplainCharge). The ledger is read by tools of the operator only.
    reads: ['CALL_EVENTS', 'REACTION_EVENTS', 'BILLING_EVENTS'],
    measures: [],
    looksUp: [],
    seeksIn: [],
    buckets: ['leases-billing'],
    exchanges: [],
    provisionsDownstream: false,
  },
};
