import { setTimeout as sleep } from 'node:timers/promises';

/** Begins so many pieces of work a second, each at its time whatever became of those before, and waits for all. */
export async function paced(count: number, perSecond: number, work: () => Promise<void>): Promise<void> {
  const startMs = performance.now();
  const begun: Promise<void>[] = [];
  for (let nth = 0; nth < count; nth += 1) {
    const waitMs = startMs + (nth * 1_000) / perSecond - performance.now();
    if (waitMs > 0) await sleep(waitMs);
    begun.push(work());
  }
  await Promise.all(begun);
}
