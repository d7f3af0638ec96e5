import type { PublishedEvent, PublishedEvents } from './published-events.ts';
import { letsThrough, type SoakFilter } from './soak-filter.ts';

export type Transport = 'grpc' | 'sse' | 'websocket' | 'webhook' | 'nats';

/** An event as a subscriber got it. */
export interface ReceivedEvent {
  readonly id: string;
  readonly source: string;
  readonly sequence: bigint;
  readonly type: string;
  /** The broker says that it delivered it before. */
  readonly redelivered?: boolean;
}

/** A way in which the promise was broken. */
export interface Fault {
  readonly kind: 'missing' | 'out of order' | 'not published' | 'of another account' | 'not asked for' | 'from before the start' | 'altered' | 'refused';
  /** How often, and the first of them in words. */
  readonly count: number;
  readonly first: string;
}

export interface Subscriber {
  readonly name: string;
  readonly accountId: string;
  readonly filter: SoakFilter;
}

/** What one subscriber got, held against the oracle: compact, so that hundreds of them fit. */
export interface SubscriberLog extends Subscriber {
  /** It is about to subscribe. What was stored before cannot come; only the first call counts. */
  starting(): void;
  /** It has subscribed: what is published from now on must come; only the first call counts. */
  started(): void;
  take(event: ReceivedEvent, transport: Transport): void;
  /** It was refused for good. */
  refused(why: string): void;
  /** A line of its history. */
  note(text: string): void;
  readonly history: readonly string[];
  /** By transport. */
  readonly deliveries: Readonly<Partial<Record<Transport, number>>>;
  readonly repeats: Readonly<Partial<Record<Transport, number>>>;
  /** Whether all that has been published so far has come. */
  isComplete(): boolean;
  /** For how long it has been waiting for the oldest event that is missing, in ms; 0 when none is. */
  lagMs(): number;
  faults(): readonly Fault[];
}

const historyLines = 14;

export function createSubscriberLog(subscriber: Subscriber, events: PublishedEvents, nowMs: () => number = () => performance.now()): SubscriberLog {
  const { accountId, filter } = subscriber;
  const deliveries: Partial<Record<Transport, number>> = {};
  const repeats: Partial<Record<Transport, number>> = {};
  const history: string[] = [];
  const found = new Map<Fault['kind'], Fault>();
  const redelivered = new Set<number>();
  /** By the event's index: the how manieth new event it was, from 1; 0: it has not come. */
  let order = new Uint32Array(1_024);
  let taken = 0;
  let [startingMs, startedMs] = [Infinity, Infinity];
  /** All that is required before it has come. */
  let completeTo = 0;

  const isRequired = (event: PublishedEvent) => event.publishedAtMs >= startedMs && letsThrough(filter, event);
  const has = ({ index }: PublishedEvent) => index < order.length && order[index] !== 0;
  const fault = (kind: Fault['kind'], first: string) => {
    const earlier = found.get(kind);
    found.set(kind, { kind, count: (earlier?.count ?? 0) + 1, first: earlier?.first ?? first });
  };
  const oldestMissing = (): PublishedEvent | undefined => {
    const all = events.ofAccount(accountId);
    while (completeTo < all.length && (has(all[completeTo]!) || !isRequired(all[completeTo]!))) completeTo += 1;
    return all[completeTo];
  };
  const unasked = (event: PublishedEvent): Fault['kind'] | undefined => {
    if (event.accountId !== accountId) return 'of another account';
    if (!letsThrough(filter, event)) return 'not asked for';
    return event.storedAtMs < startingMs ? 'from before the start' : undefined;
  };

  return {
    ...subscriber,
    deliveries,
    repeats,
    history,
    starting: () => void (startingMs = Math.min(startingMs, nowMs())),
    started: () => void (startedMs = Math.min(startedMs, nowMs())),
    take: (received, transport) => {
      deliveries[transport] = (deliveries[transport] ?? 0) + 1;
      const event = events.get(received.id);
      if (event === undefined) return fault('not published', received.id);
      const kind = unasked(event);
      if (kind !== undefined) return fault(kind, event.id);
      if (event.source !== received.source || event.sequence !== received.sequence || event.type !== received.type) fault('altered', event.id);
      if (has(event)) return void (repeats[transport] = (repeats[transport] ?? 0) + 1);
      order = withRoomFor(order, event.index);
      order[event.index] = taken += 1;
      // All that a NATS consumer promises is order at the first attempt; where that was lost on its way, a copy may come before the second.
      if (received.redelivered === true || (transport === 'nats' && event.publishes > 1)) redelivered.add(event.index);
    },
    refused: (why) => fault('refused', why),
    note: (text) => {
      history.push(`${seconds(nowMs())} ${text}`);
      if (history.length > historyLines) history.shift();
    },
    isComplete: () => startedMs !== Infinity && oldestMissing() === undefined,
    lagMs: () => {
      const missing = oldestMissing();
      return missing === undefined ? 0 : nowMs() - missing.publishedAtMs;
    },
    faults: () => {
      if (startedMs === Infinity) return [{ kind: 'missing', count: 1, first: 'everything: it never got to subscribe' }];
      const required = events.ofAccount(accountId).filter(isRequired);
      const missing = required.filter((event) => !has(event));
      const inOrder = required.filter((event) => has(event) && !redelivered.has(event.index));
      return [...found.values(), ...faultOf('missing', missing), ...faultOf('out of order', overtaken(inOrder, order))];
    },
  };
}

function faultOf(kind: Fault['kind'], events: readonly PublishedEvent[]): readonly Fault[] {
  return events.length === 0 ? [] : [{ kind, count: events.length, first: `${events[0]!.id}, published at ${seconds(events[0]!.publishedAtMs)}` }];
}

/** As the history has it. */
function seconds(ms: number): string {
  return `${(ms / 1_000).toFixed(1)} s`;
}

/** Those that came after a later one of their source. */
function overtaken(events: readonly PublishedEvent[], order: Uint32Array): readonly PublishedEvent[] {
  const firstOfLater = new Map<string, number>();
  const isLate = ({ source, index }: PublishedEvent) => {
    const first = firstOfLater.get(source) ?? Infinity;
    firstOfLater.set(source, Math.min(first, order[index]!));
    return order[index]! > first;
  };
  return events.toReversed().filter(isLate).reverse();
}

function withRoomFor(order: Uint32Array<ArrayBuffer>, index: number): Uint32Array<ArrayBuffer> {
  if (index < order.length) return order;
  const larger = new Uint32Array(Math.max(index + 1, order.length * 2));
  larger.set(order);
  return larger;
}
