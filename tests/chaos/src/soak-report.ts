import { replicaName } from '@parley/local';
import type { Comings } from './comings.ts';
import type { PlannedFault } from './faults.ts';
import type { PublishedEvents } from './published-events.ts';
import type { RepeatingPublisher } from './repeating-publisher.ts';
import type { SoakOptions } from './soak-options.ts';
import type { SoakSubscribers } from './soak-subscribers.ts';
import type { DeliverySystem } from './delivery-system.ts';
import type { Fault, SubscriberLog, Transport } from './subscriber-log.ts';

type Counts = Readonly<Record<Transport, number>>;

/** A subscriber to whom the promise was not kept. */
export interface BrokenPromise {
  readonly subscriber: string;
  readonly faults: readonly Fault[];
  /** How it came and went, the last lines. */
  readonly history: readonly string[];
}

export interface SoakReport {
  readonly seed: number;
  readonly calls: number;
  /** Less than `calls` when the time was over before. */
  readonly callsPlayed: number;
  readonly events: number;
  /** Publishes of an event that had been published before. */
  readonly publishedAgain: number;
  readonly subscribers: number;
  readonly deliveries: Counts;
  /** Deliveries of an event that the subscriber had. */
  readonly repeats: Counts;
  readonly comings: Comings;
  /** Of event-routers, and of the broker. */
  readonly restarts: number;
  readonly brokerRestarts: number;
  readonly pauses: number;
  readonly durationMs: number;
  readonly memoryBytes: number;
  readonly logDir: string;
  readonly broken: readonly BrokenPromise[];
}

export interface SoakOutcome {
  readonly options: SoakOptions;
  readonly events: PublishedEvents;
  readonly publisher: RepeatingPublisher;
  readonly faults: readonly PlannedFault[];
  readonly subscribers: SoakSubscribers;
  readonly system: DeliverySystem;
  readonly beganMs: number;
  readonly callsPlayed: number;
}

export function reportOf({ options, events, publisher, faults, subscribers, system, beganMs, callsPlayed }: SoakOutcome): SoakReport {
  const { logs, comings } = subscribers;
  const restarts = Array.from({ length: options.replicas }, (_, index) => system.supervisor.restarts(replicaName('event-router', index)));
  return {
    seed: options.seed,
    calls: options.calls,
    callsPlayed,
    events: events.count,
    publishedAgain: publisher.repeats,
    subscribers: logs.length,
    deliveries: total(logs, ({ deliveries }) => deliveries),
    repeats: total(logs, ({ repeats }) => repeats),
    comings,
    restarts: restarts.reduce((sum, count) => sum + count, 0),
    brokerRestarts: system.supervisor.restarts('nats-server'),
    pauses: faults.filter(({ kind }) => kind === 'pause').length,
    durationMs: performance.now() - beganMs,
    memoryBytes: process.memoryUsage.rss(),
    logDir: system.logDir,
    broken: logs.flatMap(brokenPromise),
  };
}

function total(logs: readonly SubscriberLog[], of: (log: SubscriberLog) => Partial<Counts>): Counts {
  const sum = (transport: Transport) => logs.reduce((sum, log) => sum + (of(log)[transport] ?? 0), 0);
  return { grpc: sum('grpc'), sse: sum('sse'), websocket: sum('websocket'), webhook: sum('webhook'), nats: sum('nats') };
}

function brokenPromise(log: SubscriberLog): readonly BrokenPromise[] {
  const faults = log.faults();
  if (faults.length === 0) return [];
  return [{ subscriber: `${log.name} of ${log.accountId}, filter ${JSON.stringify(log.filter)}`, faults, history: log.history }];
}

/** Whether every promise was kept, and all that was planned was played. */
export function holds({ broken, calls, callsPlayed }: SoakReport): boolean {
  return broken.length === 0 && callsPlayed === calls;
}

const shown = 5;

/** For a person: the numbers, and of broken promises the first few. */
export function formatReport(report: SoakReport): string {
  const { comings, broken } = report;
  const perTransport = ({ grpc, sse, websocket, webhook, nats }: Counts) => `gRPC ${grpc}, SSE ${sse}, WebSocket ${websocket}, webhooks ${webhook}, NATS ${nats}`;
  return [
    `seed ${report.seed}: ${report.events} events of ${report.callsPlayed} calls to ${report.subscribers} subscribers in ${(report.durationMs / 1_000).toFixed(0)} s`,
    `deliveries: ${perTransport(report.deliveries)}`,
    `repeats:    ${perTransport(report.repeats)} (${report.publishedAgain} events were published again)`,
    `clients:    went ${comings.left} times, lost their connection ${comings.broken} times, endpoints were out of order ${comings.outages} times`,
    `faults:     ${report.restarts} replicas killed, ${report.pauses} paused, broker killed ${report.brokerRestarts} times`,
    `memory:     ${(report.memoryBytes / 2 ** 20).toFixed(0)} MiB here`,
    ...(report.callsPlayed < report.calls ? [`too slow: the time was over when ${report.callsPlayed} of ${report.calls} calls had been played`] : []),
    ...(broken.length === 0 ? ['every subscriber got what the oracle says, in order'] : [formatBroken(broken), `seed ${report.seed} repeats this run; the logs are in ${report.logDir}`]),
  ].join('\n');
}

/** The first few of those to whom the promise was not kept. */
function formatBroken(broken: readonly BrokenPromise[]): string {
  const parts = broken.slice(0, shown).map(({ subscriber, faults, history }) =>
    [
      subscriber,
      ...faults.map(({ kind, count, first }) => `  ${kind}: ${count}, the first is ${first}`),
      ...history.map((line) => `    ${line}`),
    ].join('\n'),
  );
  return [`${broken.length} subscribers did not get what they should have:`, ...parts].join('\n');
}
