import type { BusEvent } from '@parley/bus';
import type { Producers } from './producers.ts';
import type { PublishedEvents } from './published-events.ts';
import type { SeededRandom } from './seeded-random.ts';

/** Publishes events as producers do on bad days: some of them more than once. */
export interface RepeatingPublisher {
  /** @param before the events of the same call that were published before it, the last ones */
  publish(event: BusEvent, before: readonly BusEvent[]): Promise<void>;
  /** Publishes of what had been published already, so far. */
  readonly repeats: number;
}

type Way = 'once' | 'again at once' | 'both at the same time' | 'the last few by the other' | 'one of long ago';

/** In percent; `once` takes the rest. */
const ways: readonly (readonly [percent: number, way: Way])[] = [
  [3, 'again at once'],
  [3, 'both at the same time'],
  [2, 'the last few by the other'],
  [3, 'one of long ago'],
];
const kept = 2_000;

/** The other one of a class's two producers stands for a replica that took over, or that woke up late. */
export function createRepeatingPublisher(producers: Producers, events: PublishedEvents, random: SeededRandom): RepeatingPublisher {
  let repeats = 0;
  /** Events of any age: each has the same chance to be kept. */
  const past: BusEvent[] = [];
  const send = (event: BusEvent, replica: 0 | 1) => events.stored(event.id, () => producers.publish(event, replica));
  const again = (event: BusEvent, replica: 0 | 1) => {
    repeats += 1;
    return send(event, replica);
  };
  const keep = (event: BusEvent) => {
    const place = random.integer(0, events.count);
    if (past.length < kept) past.push(event);
    else if (place < kept) past[place] = event;
  };
  return {
    publish: async (event, before) => {
      const way = someWay(random);
      events.record(event);
      await Promise.all([send(event, 0), ...(way === 'both at the same time' ? [again(event, 1)] : [])]);
      if (way === 'again at once') await again(event, 0);
      if (way === 'the last few by the other') for (const earlier of [...before.slice(-2), event]) await again(earlier, 1);
      if (way === 'one of long ago' && past.length > 0) await again(random.pick(past), random.chance(0.5) ? 0 : 1);
      keep(event);
    },
    get repeats() {
      return repeats;
    },
  };
}

function someWay(random: SeededRandom): Way {
  let left = random.between(0, 100);
  return ways.find(([percent]) => (left -= percent) < 0)?.[1] ?? 'once';
}
