import { execFileSync } from 'node:child_process';
import { setTimeout as sleep } from 'node:timers/promises';
import { progress } from '../report.ts';
import { percentile, type Measured } from '../result-row.ts';
import { runJob, startJob } from './start-job.ts';
import type { DeliverySystem } from './system.ts';

const clients = 1_000;
const events = 500;
/** For the latency, the rate at which the router is not at its limit. */
const pacedPerSecond = 50;
const repetitions = 3;
const settleMs = 5_000;

/** What Centrifugo (Go) was measured at with 1,000 clients and events of 200 bytes, on a machine like the one of docs/performance.md. */
const centrifugo = { deliveredPerSecond: 394_000, p99Ms: 99, kilobytesPerIdleClient: 59 };

/** Clients of server-sent events: what they cost while nothing happens, how much is delivered at most, and how late at a steady rate. */
export async function measureSse(system: DeliverySystem): Promise<Measured[]> {
  progress('sse: idle clients');
  // Once, of a process that is new: it keeps what memory it had.
  const memory = [await idleKilobytes(system)];
  const rates: number[] = [];
  const p99s: number[] = [];
  for (let repetition = 0; repetition < repetitions; repetition += 1) {
    progress(`sse: repetition ${repetition + 1} of ${repetitions}`);
    const { elapsedMs } = await deliver(system, 0);
    rates.push((clients * events * 1_000) / elapsedMs);
    const { latencyMs } = await deliver(system, pacedPerSecond);
    p99s.push(percentile(latencyMs, 0.99));
  }
  return [
    { name: `SSE, ${clients} clients: delivered, by Centrifugo's`, unit: 'events/s', values: rates, baselines: [centrifugo.deliveredPerSecond], goal: { atLeast: 1 } },
    { name: `SSE, ${clients} clients: p99 at ${clients * pacedPerSecond} delivered/s, by Centrifugo's at its most`, unit: 'ms', values: p99s, baselines: [centrifugo.p99Ms], goal: { atMost: 1 } },
    { name: `SSE: memory of an idle client, by Centrifugo's`, unit: 'kB', values: memory, baselines: [centrifugo.kilobytesPerIdleClient], goal: { atMost: 1 } },
  ];
}

async function deliver({ natsUrl, httpPort, token }: DeliverySystem, perSecond: number) {
  const job = startJob('sseClients', { port: httpPort, token, clients, events });
  try {
    await job.ready;
    job.go();
    await runJob('publish', { natsUrl, count: events, calls: 50, perSecond });
    return await job.result;
  } finally {
    await job.stop();
  }
}

async function idleKilobytes({ httpPort, token, routerPid }: DeliverySystem): Promise<number> {
  const before = residentKilobytes(routerPid);
  const job = startJob('sseClients', { port: httpPort, token, clients, events: 0 });
  try {
    await job.ready;
    await sleep(settleMs);
    return (residentKilobytes(routerPid) - before) / clients;
  } finally {
    await job.stop();
  }
}

/** In units of 1,000 bytes. */
function residentKilobytes(pid: number): number {
  return (Number(execFileSync('ps', ['-o', 'rss=', '-p', String(pid)], { encoding: 'utf8' })) * 1_024) / 1_000;
}
