// Reads events as Server-Sent Events, as a browser's EventSource does: with Last-Event-ID after a break.
import { setTimeout as sleep } from 'node:timers/promises';
import { createParser } from 'eventsource-parser';
import type { CloudEvent } from './webhook-receiver.ts';

export interface SseOptions {
  /** E.g. http://127.0.0.1:4081/v1/events?types=call.*; several, separated by spaces, are tried in turn. */
  readonly url: string;
  /** Scope `api`. */
  readonly token: string;
  readonly lastEventId?: string;
  readonly onEvent: (event: CloudEvent) => void;
}

export interface SseStream {
  /** Resolves when the router has given a first id: nothing after it will be missed. */
  readonly started: Promise<void>;
  /** A cursor, good on gRPC too. */
  readonly lastEventId: () => string;
  close(): void;
}

const reconnectMs = 200;

export function readServerSentEvents(options: SseOptions): SseStream {
  const urls = options.url.split(' ');
  let lastEventId = options.lastEventId ?? '';
  let start: () => void = () => undefined;
  const started = new Promise<void>((resolve) => (start = resolve));
  const closing = new AbortController();

  const parser = createParser({
    onEvent: ({ id, event, data }) => {
      // Heartbeats, and what the router says of the stream itself (docs/events.md), are no events of a call.
      if (event !== 'heartbeat' && event?.startsWith('stream.') !== true) options.onEvent(JSON.parse(data) as CloudEvent);
      if (id !== undefined) {
        lastEventId = id;
        start();
      }
    },
  });

  const readOnce = async (url: string) => {
    const headers = {
      accept: 'text/event-stream',
      authorization: `Bearer ${options.token}`,
      ...(lastEventId === '' ? {} : { 'last-event-id': lastEventId }),
    };
    const response = await fetch(url, { headers, signal: closing.signal });
    if (!response.ok) throw new Error(`${response.status} ${await response.text()}`);
    parser.reset();
    for await (const chunk of response.body!.pipeThrough(new TextDecoderStream())) parser.feed(chunk);
  };

  void (async () => {
    for (let attempt = 0; !closing.signal.aborted; attempt += 1) {
      await readOnce(urls[attempt % urls.length]!).catch(() => undefined);
      if (!closing.signal.aborted) await sleep(reconnectMs);
    }
  })();
  return { started, lastEventId: () => lastEventId, close: () => closing.abort() };
}
