import { setTimeout as sleep } from 'node:timers/promises';
import type { RouterPorts } from './router-ports.ts';

const lookMs = 50;
/** For the last events and, at best, the last callbacks to go out. */
const settleMs = 2_000;

/**
 * Before a shutdown: devices are sent elsewhere for new calls; live calls may end by themselves for a while, then they
 * are ended.
 */
export async function drainCalls({ calls, connected }: Pick<RouterPorts, 'calls' | 'connected'>, drainMs: number): Promise<void> {
  for (const { port } of connected.all()) port.draining();
  const live = () => calls.all().filter(({ state }) => state.kind === 'live');
  await until(() => live().length === 0, drainMs);
  await Promise.allSettled(live().map((call) => call.submit({ kind: 'router_lost' })));
  await until(() => calls.all().length === 0, settleMs);
}

async function until(holds: () => boolean, withinMs: number): Promise<void> {
  const endMs = performance.now() + withinMs;
  while (!holds() && performance.now() < endMs) await sleep(lookMs);
}
