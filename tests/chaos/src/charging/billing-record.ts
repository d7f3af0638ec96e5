import { classFilter, decodeEvent, eventStreams, readStream, type Bus, type ReceivedMessage, type StreamedEvent } from '@parley/bus';

/** What billing published, as whoever reads its stream gets it. */
export interface BillingRecord {
  /** A call's events once each, as they first came. */
  of(callId: string): readonly StreamedEvent[];
  /** How many charges of the call are settled: where each side pays, it has two. */
  settlements(callId: string): number;
  /** Events that came again. */
  readonly repeats: number;
  readonly events: number;
  /** Of order and content: the first time of each event is next in its source's sequence, and a repeat is the same event. */
  readonly faults: readonly string[];
  stop(): Promise<void>;
}

/** Reads the stream of billing's events, from now to `stop`. */
export function recordBilling(bus: Bus, onError: (error: unknown) => void): BillingRecord {
  const byCall = new Map<string, StreamedEvent[]>();
  const contents = new Map<string, string>();
  const settled = new Map<string, number>();
  const faults: string[] = [];
  let repeats = 0;
  const take = (event: StreamedEvent): void => {
    const { id, source, callId, sequence, type } = event;
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
    const before = events.filter((earlier) => earlier.source === source).length;
    if (sequence !== BigInt(before)) faults.push(`${id} came when ${before} of its source had come`);
    events.push(event);
    if (type === 'billing.settled') settled.set(callId, (settled.get(callId) ?? 0) + 1);
  };
  const stopping = new AbortController();
  const onMessage = (message: ReceivedMessage) => take(decodeEvent(message));
  const reading = readStream(bus, { stream: eventStreams.billing, filter: classFilter('billing'), from: 1, onMessage, onError, signal: stopping.signal });
  return {
    of: (callId) => byCall.get(callId) ?? [],
    settlements: (callId) => settled.get(callId) ?? 0,
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
