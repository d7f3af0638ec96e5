import { setTimeout as sleep } from 'node:timers/promises';

const intervalMs = 20;

/**
 * Runs `check` again and again until it does not throw, and gives what it returns. The bound is there to end a test that
 * fails, not to assert a time: make it generous.
 * @throws what `check` threw last
 */
export async function eventually<T>(check: () => T | Promise<T>, { timeoutMs = 45_000 }: { readonly timeoutMs?: number } = {}): Promise<T> {
  const untilMs = performance.now() + timeoutMs;
  for (;;) {
    try {
      return await check();
    } catch (error) {
      if (performance.now() > untilMs) {
        throw error;
      }
    }
    await sleep(intervalMs);
  }
}
