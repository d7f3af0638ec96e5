import { newEvent, type BusEvent } from '@parley/bus';
import type { PlannedCall } from './call-plan.ts';
import type { Step } from './call-story.ts';

/** A call under way, as its producers know it. */
export interface LiveCall {
  /** The last few of its events. */
  readonly published: readonly BusEvent[];
  /** The next thing that happens, with its place in the sequence of its source. */
  next(): BusEvent;
  isOver(): boolean;
}

export function liveCall({ accountId, callId, call, story }: PlannedCall): LiveCall {
  const steps = story();
  const sequences = new Map<string, bigint>();
  const published: BusEvent[] = [];
  let at = 0;
  return {
    published,
    isOver: () => at === steps.length,
    next: () => {
      const { data, party }: Step = steps[at]!;
      const source = `${data.class} ${party}`;
      const sequence = sequences.get(source) ?? 0n;
      const event = newEvent({ accountId, callId, call, data, sequence, time: new Date(), ...(party === undefined ? {} : { party }) });
      sequences.set(source, sequence + 1n);
      at += 1;
      published.push(event);
      if (published.length > 3) published.shift();
      return event;
    },
  };
}
