import { setTimeout as sleep } from 'node:timers/promises';

const frameMs = 20;
/** A process that slept for longer goes on from there, and does not pour out what is overdue. */
const mostBehindMs = 200;

/**
 * Plays frames one every 20 ms. Each is due at a multiple of 20 ms from the start, not from the one before, so that
 * late timers do not add up.
 * @param loop how often; 0 is until the signal
 */
export async function playInRealTime(frames: readonly Buffer[], loop: number, play: (frame: Buffer) => void, signal: AbortSignal): Promise<void> {
  if (frames.length === 0) return;
  let dueMs = performance.now();
  const rounds = loop === 0 ? Infinity : loop;
  for (let round = 0; round < rounds; round += 1) {
    for (const frame of frames) {
      await until(dueMs, signal);
      if (signal.aborted) return;
      play(frame);
      dueMs = Math.max(dueMs + frameMs, performance.now() - mostBehindMs);
    }
  }
  await until(dueMs, signal);
}

async function until(dueMs: number, signal: AbortSignal): Promise<void> {
  const waitMs = dueMs - performance.now();
  if (waitMs > 0) await sleep(waitMs, undefined, { signal }).catch(() => undefined);
}
