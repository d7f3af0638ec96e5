import { classFilter, decodeEvent, eventStreams, readStream, type Bus, type ReceivedMessage, type StreamedEvent } from '@parley/bus';

/** What billing published, as whoever reads its stream gets it. */
export interface BillingRecord {
  /** A call's events once each, as they first came. */
  of(callId: string): readonly StreamedEvent[];
  isSettled(callId: string): boolean;
  /** Events that came again. */
  readonly repeats: number;
  readonly events: number;
  /** Of order and content: the first time of each event is next in its call's sequence, and a repeat is the same event. */
  readonly faults: readonly string[];
  stop(): Promise<void>;
}

/** Reads the stream of billing's events, from now to `stop`. */
export function recordBilling(bus: Bus, onError: (error: unknown) => void): BillingRecord {
  const byCall = new Map<string, StreamedEvent[]>();
  const contents = new Map<string, string>();
  const settled = new Set<string>();
  const faults: string[] = [];
  let repeats = 0;
  const take = (event: StreamedEvent): void => {
    const { id, callId, sequence, type } = event;
    const content = contentOf(event);
    const known = contents.get(id);
    if (known !== undefined) {
      repeats += 1;
      if (known !== content) faults.push(`${id} was published with two contents: ${known} and ${content}`);
      return;
    }
    contents.set(id, content);
    const events = byCall.get(callId) ?? [];
    byCall.set(callId, events);
    if (sequence !== BigInt(events.length)) faults.push(`${id} came when ${events.length} of its call had come`);
    events.push(event);
    if (type === 'billing.settled') settled.add(callId);
  };
  const stopping = new AbortController();
  const onMessage = (message: ReceivedMessage) => take(decodeEvent(message));
  const reading = readStream(bus, { stream: eventStreams.billing, filter: classFilter('billing'), from: 1, onMessage, onError, signal: stopping.signal });
  return {
    of: (callId) => byCall.get(callId) ?? [],
    isSettled: (callId) => settled.has(callId),
    get repeats() {
      return repeats;
    },
    get events() {
      return contents.size;
    },
    faults,
    stop: async () => {
      stopping.abort();
      await reading;
    },
  };
}

function contentOf({ time, causationId, data }: StreamedEvent): string {
  return JSON.stringify({ time, causationId, data }, (_, value: unknown) => (typeof value === 'bigint' ? `${value}n` : value));
}
