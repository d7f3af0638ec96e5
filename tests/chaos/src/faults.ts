import { once } from 'node:events';
import { replicaName, type ServiceName, type Supervisor } from '@parley/local';
import { rest } from './rest.ts';
import type { SeededRandom } from './seeded-random.ts';

/** Something that is done to the system while events flow. */
export interface PlannedFault {
  /** After the beginning of the run. */
  readonly atMs: number;
  readonly kind: 'kill' | 'pause' | 'restart';
  readonly process: string;
  /** Of a pause: longer than a lease lives. */
  readonly pauseMs: number;
}

export interface FaultPlanOptions {
  /** Whose replicas are killed and paused. */
  readonly service: ServiceName;
  /** What is killed once, within the middle. */
  readonly restarted: 'nats-server' | 'mongowire';
  /** Shortest and longest; longer than a lease lives. */
  readonly pausesMs: readonly [shortest: number, longest: number];
  readonly durationMs: number;
  readonly replicas: number;
  readonly kills: number;
  readonly pauses: number;
}

/** Kills and pauses of a service's replicas over the whole run, and one restart of what they all need within its middle. */
export function planFaults(random: SeededRandom, { service, restarted, pausesMs, durationMs, replicas, kills, pauses }: FaultPlanOptions): readonly PlannedFault[] {
  const replica = () => replicaName(service, random.integer(0, replicas - 1));
  // One in each stretch of equal length, so that they are spread out and yet come as they like.
  const spread = (count: number, kind: PlannedFault['kind']): PlannedFault[] =>
    Array.from({ length: count }, (_, index) => ({
      kind,
      atMs: ((index + random.between(0.2, 0.8)) / count) * durationMs,
      process: replica(),
      pauseMs: random.between(...pausesMs),
    }));
  const restart: PlannedFault = { kind: 'restart', atMs: random.between(0.35, 0.6) * durationMs, process: restarted, pauseMs: 0 };
  return [...spread(kills, 'kill'), ...spread(pauses, 'pause'), restart].sort((one, other) => one.atMs - other.atMs);
}

/** Does it all, each at its time; returns when everything runs again, also when it is stopped early. */
export async function causeFaults(plan: readonly PlannedFault[], supervisor: Supervisor, say: (line: string) => void, stop: AbortSignal): Promise<void> {
  await Promise.all(plan.map((fault) => cause(fault, supervisor, say, stop)));
}

async function cause({ kind, atMs, process, pauseMs }: PlannedFault, supervisor: Supervisor, say: (line: string) => void, stop: AbortSignal): Promise<void> {
  await rest(atMs, stop);
  if (stop.aborted) return;
  say(`${kind === 'pause' ? `pause of ${(pauseMs / 1_000).toFixed(1)} s` : kind}: ${process}`);
  if (kind === 'pause') {
    await supervisor.signal(process, 'SIGSTOP');
    await rest(pauseMs, stop);
    await supervisor.signal(process, 'SIGCONT');
  } else {
    await supervisor.signal(process, 'SIGKILL');
    await Promise.race([supervisor.ready(process), ended(stop)]);
  }
}

/** What never becomes ready again must not hold up the end. */
async function ended(stop: AbortSignal): Promise<void> {
  if (!stop.aborted) await once(stop, 'abort');
}
