// The naive loop against the index: how many events a second can be held against all subscriptions.
import { attributeOf, type BusEvent } from '@parley/bus';
import { compileFilter, FilterIndex, type EventFilter, type FilteredEvent } from '@parley/filters';
import { events, matches, mixes, subscriptions, type Mix } from './matching/subscriptions.ts';
import { progress, report } from './report.ts';
import type { Measured } from './result-row.ts';

const sizes = [1_000, 10_000, 100_000];
const repetitions = 5;
/** Of the naive loop: filters that are tested, over all events of a repetition. */
const naiveTests = 3_000_000;
const indexEvents = 20_000;
/**
 * From the fewest to the most subscriptions the index does the same work, but more of what it looks at is out of the
 * processor's cache: its rate may not fall by more than that of one look-up in a Map of as many keys.
 */
const flatness = { rate: { atLeast: 1 }, looks: { atMost: 1.05 } };
const mapLookUps = 200_000;

/** Appends the positions of the subscriptions that an event matches. */
type Matcher = (event: FilteredEvent, into: number[]) => void;

function naiveLoop(filters: readonly EventFilter[]): Matcher {
  const tests = filters.map(compileFilter);
  return (event, into) => {
    for (let nth = 0; nth < tests.length; nth += 1) if (tests[nth]!(event)) into.push(nth);
  };
}

function indexOf(filters: readonly EventFilter[]): FilterIndex<number> {
  const index = new FilterIndex<number>();
  for (const [nth, filter] of filters.entries()) index.put(nth, filter);
  return index;
}

/** Look-ups a second in a Map, each of a text that was just made, as an event's are. */
function mapRates(size: number): number[] {
  const map = new Map(Array.from({ length: size }, (_, nth) => [`CA${String(nth).padStart(32, '0')}`, nth]));
  const once = (): number => {
    const keys = Array.from({ length: mapLookUps }, (_, nth) => Buffer.from(`CA${String((nth * 7_919) % size).padStart(32, '0')}`).toString('latin1'));
    const startMs = performance.now();
    let found = 0;
    for (const key of keys) if (map.get(key) !== undefined) found += 1;
    if (found !== mapLookUps) throw new Error('a key was not found');
    return (mapLookUps * 1_000) / (performance.now() - startMs);
  };
  once();
  return Array.from({ length: repetitions }, once);
}

/** Events a second, after a run that is not counted. @throws Error when an event does not match as many as it has to. */
function rates(matcher: Matcher, eventCount: number, subscriptionCount: number): number[] {
  const into: number[] = [];
  const once = (given: readonly BusEvent[]): number => {
    const startMs = performance.now();
    for (const event of given) {
      into.length = 0;
      matcher({ attribute: (name) => attributeOf(event, name) }, into);
      if (into.length !== matches) throw new Error(`an event matched ${into.length} of the subscriptions, not ${matches}`);
    }
    return (given.length * 1_000) / (performance.now() - startMs);
  };
  once(events(Math.ceil(eventCount / 4), subscriptionCount));
  // New events each time, since the engine remembers the hash of a text.
  return Array.from({ length: repetitions }, () => once(events(eventCount, subscriptionCount)));
}

/** How much of the index is looked at for an event, until its matches are known. */
function looks(index: FilterIndex<number>, subscriptionCount: number): number {
  const given = events(1_000, subscriptionCount);
  const before = index.lookedAt;
  for (const event of given) index.matching({ attribute: (name) => attributeOf(event, name) });
  return (index.lookedAt - before) / given.length;
}

function measureMix(mix: Mix): Measured[] {
  const rows: Measured[] = [];
  const bySize = new Map<number, { readonly rates: number[]; readonly looks: number }>();
  for (const size of sizes) {
    progress(`${mix.name}, ${size} subscriptions`);
    const filters = subscriptions(mix, size);
    const baselines = rates(naiveLoop(filters), naiveTests / size, size);
    const index = indexOf(filters);
    const values = rates((event, into) => void index.matching(event, into), indexEvents, size);
    bySize.set(size, { rates: values, looks: looks(index, size) });
    const goal = size === sizes.at(-1) ? { goal: { atLeast: 100 } } : {};
    rows.push({ name: `${mix.name}, ${size.toLocaleString('en-US')}: index by naive loop`, unit: 'events/s', values, baselines, ...goal });
  }
  const [fewest, most] = [bySize.get(sizes[0]!)!, bySize.get(sizes.at(-1)!)!];
  const name = `${mix.name}: index, ${sizes.at(-1)!.toLocaleString('en-US')} by ${sizes[0]!.toLocaleString('en-US')}`;
  const falls = { values: quotients(most.rates, fewest.rates), baselines: quotients(mapRates(sizes.at(-1)!), mapRates(sizes[0]!)) };
  rows.push({ name: `${name}, and a Map`, unit: 'rate by rate', ...falls, goal: flatness.rate });
  rows.push({ name, unit: 'looks/event', values: [most.looks], baselines: [fewest.looks], goal: flatness.looks });
  return rows;
}

function quotients(values: readonly number[], by: readonly number[]): number[] {
  return values.map((value, nth) => value / by[nth]!);
}

report('matching', mixes.flatMap(measureMix));
