import { connect } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import { type Child, describeExit } from './child.ts';
import type { Health } from './process-spec.ts';

const pollMs = 50;
const attemptTimeoutMs = 2_000;

/** Waits until a process is ready. @throws Error that says why it is not: it ended, or `timeoutMs` went by. */
export async function untilHealthy(child: Child, health: Health, timeoutMs: number): Promise<void> {
  const deadlineMs = performance.now() + timeoutMs;
  let reason: unknown;
  while (performance.now() < deadlineMs) {
    const exit = child.ended();
    if (exit !== undefined) throw new Error(`${describeExit(exit)} before it was ready`);
    try {
      await attempt(health);
      // Somebody else may have answered: a process that found its port taken is about to end.
      if (child.ended() === undefined) return;
    } catch (error) {
      reason = error;
    }
    await sleep(pollMs);
  }
  throw new Error(`was not ready after ${timeoutMs / 1000} s (${describe(reason)})`);
}

async function attempt(health: Health): Promise<void> {
  switch (health.kind) {
    case 'tcp':
      return connectOnce(health.port);
    case 'http': {
      const answer = await fetch(health.url, { signal: AbortSignal.timeout(attemptTimeoutMs) });
      const body = await answer.text();
      if (!answer.ok) throw new Error(`${health.url} answered ${answer.status} ${body.trim()}`);
      return undefined;
    }
    case 'probe':
      await health.check();
  }
}

function connectOnce(port: number): Promise<void> {
  return new Promise((resolve, reject) => {
    const socket = connect({ port, host: '127.0.0.1', timeout: attemptTimeoutMs });
    socket.on('connect', () => {
      socket.destroy();
      resolve();
    });
    socket.on('timeout', () => socket.destroy(new Error(`no connection to port ${port}`)));
    socket.on('error', reject);
  });
}

function describe(reason: unknown): string {
  if (!(reason instanceof Error)) return String(reason);
  return reason.cause instanceof Error ? `${reason.message}: ${reason.cause.message}` : reason.message;
}
