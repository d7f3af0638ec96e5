import { connectPlatform, eventMaker, publishRaw } from '../bench-events.ts';
import type { Job } from '../job.ts';
import { paced } from '../paced.ts';

export interface PublishParameters {
  readonly natsUrl: string;
  readonly count: number;
  /** How many calls they are spread over. */
  readonly calls: number;
  /** Events a second; 0: as fast as they are acknowledged, 500 under way at a time. */
  readonly perSecond: number;
}

const window = 500;

export interface PublishTimes {
  readonly elapsedMs: number;
  /** Of each publish, until the broker's acknowledgement. */
  readonly ackMs: readonly number[];
}

/** Publishes events by nats.js alone. */
export const publish: Job<PublishParameters, PublishTimes> = async ({ natsUrl, count, calls, perSecond }, control) => {
  const bus = await connectPlatform(natsUrl);
  const next = eventMaker(calls);
  const ackMs: number[] = [];
  const publishNext = async () => void ackMs.push(await publishRaw(bus, next()));
  control.ready();
  await control.go;
  const startMs = performance.now();
  if (perSecond > 0) await paced(count, perSecond, publishNext);
  else await inWindow(count, publishNext);
  const elapsedMs = performance.now() - startMs;
  await bus.close();
  return { elapsedMs, ackMs };
};

async function inWindow(count: number, work: () => Promise<void>): Promise<void> {
  let left = count;
  const lane = async () => {
    while (left-- > 0) await work();
  };
  await Promise.all(Array.from({ length: window }, lane));
}
