export interface MetricRow {
  readonly kind: 'counter' | 'histogram' | 'gauge';
  /** UCUM: `s`, `By`, `{event}`. Durations are seconds, as Prometheus wants them. */
  readonly unit: string;
  readonly description: string;
  /** Upper bounds of a histogram's buckets. */
  readonly buckets?: readonly number[];
}

const seconds = [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30];

/** Every metric of Parley, a line each; labels come from attributeNames. On `/metrics` dots become underscores and durations end in `_seconds`. */
export const metricTable = {
  'parley.grpc.server.duration': { kind: 'histogram', unit: 's', description: 'Time that a unary call took', buckets: seconds },
  'parley.grpc.server.calls': { kind: 'counter', unit: '{call}', description: 'Calls that ended, by method and code' },
  'parley.grpc.server.streams': { kind: 'gauge', unit: '{stream}', description: 'Streams that are open' },
  'parley.grpc.client.duration': { kind: 'histogram', unit: 's', description: 'Time until the answer to a unary call', buckets: seconds },
  'parley.bus.published': { kind: 'counter', unit: '{event}', description: 'Events that the broker acknowledged' },
  'parley.bus.publish.duration': { kind: 'histogram', unit: 's', description: 'Time until the broker acknowledged', buckets: seconds },
  'parley.bus.consumed': { kind: 'counter', unit: '{event}', description: 'Events by what came of them: applied, duplicate, parked' },
  'parley.bus.handle.duration': { kind: 'histogram', unit: 's', description: 'Time to apply an event', buckets: seconds },
  'parley.bus.retries': { kind: 'counter', unit: '{retry}', description: 'Events that were applied again after a failure' },
  'parley.bus.parked_calls': { kind: 'gauge', unit: '{call}', description: 'Calls that are parked' },
  'parley.bus.partitions': { kind: 'gauge', unit: '{partition}', description: 'Partitions that this replica owns' },
  'parley.store.duration': { kind: 'histogram', unit: 's', description: 'Time of a database command', buckets: seconds },
  'parley.store.conflicts': { kind: 'counter', unit: '{conflict}', description: 'Conditional writes that somebody else had overtaken' },
  'parley.egress.requests': { kind: 'counter', unit: '{request}', description: 'Requests to tenants, by what came of them' },
  'parley.egress.duration': { kind: 'histogram', unit: 's', description: 'Time of a request to a tenant', buckets: seconds },
  'parley.call.live': { kind: 'gauge', unit: '{call}', description: 'Calls that this router owns' },
  'parley.call.completed': { kind: 'counter', unit: '{leg}', description: 'Legs that ended, by cause' },
  'parley.device.connected': { kind: 'gauge', unit: '{device}', description: 'Devices connected to this router' },
  'parley.delivery.events': { kind: 'counter', unit: '{event}', description: 'Events delivered to subscribers, by transport' },
  'parley.delivery.matches': { kind: 'counter', unit: '{match}', description: 'Filters that events of the live tail passed' },
  'parley.delivery.lag': { kind: 'gauge', unit: '{event}', description: 'Events that a stream holds and the live tail has not read yet, by class' },
  'parley.delivery.available': { kind: 'gauge', unit: '1', description: 'Whether the stream of a class can be read: 1 or 0' },
  'parley.delivery.sent_away': { kind: 'counter', unit: '{client}', description: 'Streams that were ended here, by reason' },
  'parley.delivery.clients': { kind: 'gauge', unit: '{client}', description: 'Clients that are subscribed now, by transport' },
  'parley.delivery.latency': { kind: 'histogram', unit: 's', description: 'From an event until it was handed to a subscriber, by transport', buckets: seconds },
  'parley.webhook.pending': { kind: 'gauge', unit: '{delivery}', description: 'Webhook deliveries that wait, in the partitions of this replica' },
  'parley.webhook.dead_letters': { kind: 'counter', unit: '{delivery}', description: 'Webhook deliveries that were given up' },
  'parley.webhook.spilled': { kind: 'counter', unit: '{delivery}', description: 'Webhook deliveries that were not over soon, and stored for that' },
  'parley.webhook.circuits': { kind: 'gauge', unit: '{endpoint}', description: 'Endpoints whose circuit is not closed at this replica, by its state: open, probing' },
  'parley.webhook.attempts': { kind: 'counter', unit: '{attempt}', description: 'Webhook deliveries tried, by what came of them' },
  'parley.recognition.observations': { kind: 'counter', unit: '{observation}', description: 'Observations by kind and what came of them: measured, skipped, refused' },
  'parley.recognition.capacity': { kind: 'gauge', unit: '{stream}', description: 'Streams of observations that this replica takes' },
  'parley.recognition.duration': { kind: 'histogram', unit: 's', description: 'Time to analyse one observation', buckets: seconds },
  'parley.billing.charged': { kind: 'counter', unit: '{entry}', description: 'Ledger entries of charges' },
  'parley.billing.settled': { kind: 'counter', unit: '{call}', description: 'Calls settled, by reason' },
} as const satisfies Record<string, MetricRow>;

export type MetricName = keyof typeof metricTable;
type NameOfKind<K extends MetricRow['kind']> = {
  [N in MetricName]: (typeof metricTable)[N]['kind'] extends K ? N : never;
}[MetricName];

export type CounterName = NameOfKind<'counter'>;
export type HistogramName = NameOfKind<'histogram'>;
export type GaugeName = NameOfKind<'gauge'>;
