// Reads events over gRPC, and goes on behind the last one when the connection breaks.
import { setTimeout as sleep } from 'node:timers/promises';
import { credentials, Metadata } from '@grpc/grpc-js';
import { EventServiceClient, StreamEventsRequest, type Event, type EventFilter, type StreamEventsResponse } from '@parley/contracts';

export interface EventStreamOptions {
  /** host:port of event-router; several, separated by commas, are tried in turn. */
  readonly target: string;
  /** Scope `api`. */
  readonly token: string;
  readonly filter: EventFilter;
  readonly cursor?: string;
  readonly onEvent: (event: Event) => void;
}

export interface EventStream {
  /** Resolves when the router has given a first cursor: nothing after it will be missed. */
  readonly started: Promise<void>;
  readonly cursor: () => string;
  close(): void;
}

const reconnectMs = 200;

/** At least once, in order per source; a repeat after a reconnect has the same id. */
export function streamEvents(options: EventStreamOptions): EventStream {
  const targets = options.target.split(',');
  const metadata = new Metadata();
  metadata.set('authorization', `Bearer ${options.token}`);
  let cursor = options.cursor ?? '';
  const closing = new AbortController();
  let cancel: () => void = () => undefined;
  let start: () => void = () => undefined;
  const started = new Promise<void>((resolve) => (start = resolve));

  const readOnce = (target: string) =>
    new Promise<void>((resolve) => {
      const client = new EventServiceClient(target, credentials.createInsecure());
      const call = client.streamEvents(StreamEventsRequest.fromPartial({ filter: options.filter, cursor }), metadata);
      cancel = () => call.cancel();
      call.on('data', (response: StreamEventsResponse) => {
        if (response.event !== undefined) options.onEvent(response.event);
        cursor = response.cursor;
        start();
      });
      const end = () => {
        client.close();
        resolve();
      };
      call.on('error', end);
      call.on('end', end);
    });

  void (async () => {
    for (let attempt = 0; !closing.signal.aborted; attempt += 1) {
      await readOnce(targets[attempt % targets.length]!);
      if (!closing.signal.aborted) await sleep(reconnectMs);
    }
  })();
  return {
    started,
    cursor: () => cursor,
    close: () => {
      closing.abort();
      cancel();
    },
  };
}
