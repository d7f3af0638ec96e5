import { setMaxListeners } from 'node:events';
import { connectBus } from '@parley/bus';
import { natsCredsFile } from '@parley/local';
import { accountsOf } from '../call-plan.ts';
import { causeFaults, planFaults } from '../faults.ts';
import { connectProducers } from '../producers.ts';
import { createPublishedEvents } from '../published-events.ts';
import { createRepeatingPublisher } from '../repeating-publisher.ts';
import { seededRandom, type SeededRandom } from '../seeded-random.ts';
import type { SoakSurroundings } from '../soak.ts';
import { connectBilling, type BillingAccess } from './billing-access.ts';
import { recordBilling } from './billing-record.ts';
import { planChargedCalls } from './call-plan.ts';
import type { MadePolicy, TopUps } from './call-player.ts';
import { isSettled, judgeCharging, untilSettled } from './charging-evidence.ts';
import type { ChargingOptions } from './charging-options.ts';
import { chargingHolds, countsOf, type ChargingReport } from './charging-report.ts';
import { startChargingSystem, type ChargingSystem } from './charging-system.ts';
import { paceCalls } from './pace-calls.ts';
import { planTerms } from './policies.ts';
import { currencyOf, planWallets } from './wallets.ts';

/**
 * Starts a system, plays charged calls on it, kills and pauses billing and kills the database, and holds what billing made of it
 * against the oracle. Everything is stopped when it returns.
 * @throws when it was ended early, or the system could not be started
 */
export async function runChargingSoak(options: ChargingOptions, { say, signal }: SoakSurroundings): Promise<ChargingReport> {
  const limit = AbortSignal.any([signal, AbortSignal.timeout(options.limitMs)]);
  setMaxListeners(0, limit);
  const system = await startChargingSystem(options, limit);
  let report: ChargingReport | undefined;
  try {
    report = await soakOn(system, options, { say, signal: limit });
    signal.throwIfAborted();
    return report;
  } finally {
    await system.stop({ keepLogs: !signal.aborted && (report === undefined || !chargingHolds(report)) });
  }
}

async function soakOn(system: ChargingSystem, options: ChargingOptions, { say, signal }: SoakSurroundings): Promise<ChargingReport> {
  const beganMs = performance.now();
  const random = seededRandom(options.seed);
  const accounts = accountsOf(options.accounts);
  const wallets = planWallets(random.fork('wallets'), accounts, options.wallets);
  const calls = planChargedCalls(random.fork('calls'), { calls: options.calls, wallets, policies: options.policies });
  const faults = planFaults(random.fork('faults'), { ...options, service: 'billing', restarted: 'mongowire' });
  const billing = await connectBilling(system, system.grpcPorts, accounts, signal);
  const producers = await connectProducers(system.natsUrl);
  const bus = await connectBus({ url: system.natsUrl, credsFile: natsCredsFile('platform'), name: 'charging' });
  const record = recordBilling(bus, (error) => say(`reading goes on after ${String(error)}`));
  try {
    const topUps: TopUps = new Map();
    for (const wallet of wallets) {
      await billing.topUp(wallet, `first-${wallet.address}`, wallet.firstMicros);
      topUps.set(wallet, wallet.firstMicros);
    }
    const policies = await makePolicies(billing, { random: random.fork('policies'), accounts, count: options.policies });
    const events = createPublishedEvents();
    const publisher = createRepeatingPublisher(producers, events, random.fork('repeats'));
    say(`${calls.length} calls from ${wallets.length} wallets, ${faults.length} faults`);
    const playedAtMs = performance.now();
    const faultsDone = causeFaults(faults, system.supervisor, say, signal);
    const player = { ...options, billing, publisher, policies, topUps, stop: signal };
    const pacing = paceCalls({ ...options, calls, player, isSettled: (played) => isSettled(record, played), say, stop: signal });
    // Also when the one or the other fails: a replica that is still paused could not be stopped.
    await Promise.allSettled([pacing, faultsDone]);
    await faultsDone;
    const played = await pacing;
    signal.throwIfAborted();
    const playMs = performance.now() - playedAtMs;
    say(`${events.count} events are published; waiting for what is not settled yet`);
    const evidence = { played, topUps, record, billing, say, stop: signal };
    await untilSettled(evidence, options.drainMs);
    signal.throwIfAborted();
    const settledMs = performance.now() - playedAtMs;
    say(`${record.events} events of billing; checking them`);
    const verdict = await judgeCharging(evidence);
    const ofLedger = await system.verifyLedger();
    const kills = system.replicas.reduce((sum, name) => sum + system.supervisor.restarts(name), 0);
    return {
      seed: options.seed,
      calls: options.calls,
      ...countsOf(played, verdict.verdicts),
      eventsPublished: events.count,
      publishedAgain: publisher.repeats,
      billingEvents: record.events,
      billingRepeats: record.repeats,
      entries: verdict.entries,
      kills,
      pauses: faults.filter(({ kind }) => kind === 'pause').length,
      databaseRestarts: system.supervisor.restarts('mongowire'),
      playMs,
      settledMs,
      durationMs: performance.now() - beganMs,
      logDir: system.logDir,
      faults: [...verdict.faults, ...ofLedger],
    };
  } finally {
    await record.stop();
    await Promise.all([bus.close(), producers.close()]);
    billing.close();
  }
}

async function makePolicies(billing: BillingAccess, { random, accounts, count }: { random: SeededRandom; accounts: readonly string[]; count: number }): Promise<ReadonlyMap<string, readonly MadePolicy[]>> {
  const made = new Map<string, readonly MadePolicy[]>();
  for (const accountId of accounts) {
    const planned = Array.from({ length: count }, () => planTerms(random, currencyOf(accountId)));
    made.set(accountId, await Promise.all(planned.map(async (terms, index) => ({ terms, snapshot: await billing.createPolicy(accountId, terms, `policy-${index}`) }))));
  }
  return made;
}
