import { setMaxListeners } from 'node:events';
import { accountsOf, planCalls } from './call-plan.ts';
import { playCalls } from './call-player.ts';
import { causeFaults, planFaults } from './faults.ts';
import { connectProducers } from './producers.ts';
import { createPublishedEvents } from './published-events.ts';
import { createRepeatingPublisher } from './repeating-publisher.ts';
import { rest } from './rest.ts';
import { seededRandom } from './seeded-random.ts';
import type { SoakOptions } from './soak-options.ts';
import { holds, reportOf, type SoakReport } from './soak-report.ts';
import { startSubscribers } from './soak-subscribers.ts';
import { startDeliverySystem } from './delivery-system.ts';
import type { SubscriberLog } from './subscriber-log.ts';
import { planSubscribers } from './subscriber-plan.ts';

export interface SoakSurroundings {
  /** Gets a line for each thing that is done to the system. */
  readonly say: (line: string) => void;
  /** Ends it early; what was started is stopped. */
  readonly signal: AbortSignal;
}

const pollMs = 100;
/** Longer than a client is away, or a replica paused: who is so far behind has too much to take. */
const farBehindMs = 25_000;
const pausesMs = [5_500, 9_000] as const;

/**
 * Starts a system, plays calls on it to subscribers that come and go, kills and pauses its parts, and holds what each
 * subscriber got against what was published. Everything is stopped when it returns.
 * @throws when it was ended early, or the system could not be started
 */
export async function runSoak(options: SoakOptions, { say, signal }: SoakSurroundings): Promise<SoakReport> {
  const beganMs = performance.now();
  const { seed, replicas, durationMs } = options;
  const random = seededRandom(seed);
  const accounts = accountsOf(options.accounts);
  const calls = planCalls(random.fork('calls'), options.calls, accounts);
  const events = createPublishedEvents();
  const [calm, stop, limit] = [new AbortController(), new AbortController(), AbortSignal.any([signal, AbortSignal.timeout(options.limitMs)])];
  for (const shared of [calm.signal, stop.signal, limit]) setMaxListeners(0, shared);
  const faults = planFaults(random.fork('faults'), { ...options, service: 'event-router', restarted: 'nats-server', pausesMs });

  const system = await startDeliverySystem({ replicas, signal: limit });
  let [report, callsPlayed]: [SoakReport | undefined, number] = [undefined, 0];
  try {
    const plan = planSubscribers(random.fork('subscribers'), { ...options, calls, accounts });
    const subscribers = await startSubscribers(system, { plan, events, random: random.fork('comings'), longestStayMs: options.longestStayMs, calm: calm.signal, stop: stop.signal });
    const producers = await connectProducers(system.natsUrl);
    const publisher = createRepeatingPublisher(producers, events, random.fork('repeats'));
    say(`${plan.length} subscribers, ${calls.length} calls, ${faults.length} faults`);
    const faultsDone = causeFaults(faults, system.supervisor, say, limit);
    try {
      const keepsUp = () => subscribers.logs.every((log) => log.lagMs() < farBehindMs);
      const played = await playCalls({ calls, publisher, random: random.fork('pace'), durationMs, keepsUp, stop: AbortSignal.any([limit, AbortSignal.timeout(options.playLimitMs)]) });
      await faultsDone;
      calm.abort();
      if (!limit.aborted) say(`${events.count} events are published; waiting for what has not arrived`);
      await drained(subscribers.logs, options.drainMs, limit);
      callsPlayed = played;
    } finally {
      stop.abort();
      calm.abort();
      await producers.close();
      await Promise.allSettled([subscribers.ended(), faultsDone]);
    }
    signal.throwIfAborted();
    report = reportOf({ options, events, publisher, faults, subscribers, system, beganMs, callsPlayed });
    return report;
  } finally {
    await system.stop({ keepLogs: !signal.aborted && (report === undefined || !holds(report)) });
  }
}

/** Waits until every log is complete, or no longer. */
async function drained(logs: readonly SubscriberLog[], drainMs: number, stop: AbortSignal): Promise<void> {
  const untilMs = performance.now() + drainMs;
  let waiting = logs;
  while (waiting.length > 0 && performance.now() < untilMs && !stop.aborted) {
    await rest(pollMs, stop);
    waiting = waiting.filter((log) => !log.isComplete());
  }
}
