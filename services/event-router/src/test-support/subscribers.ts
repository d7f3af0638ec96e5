import { get, type IncomingMessage } from 'node:http';
import { StreamEventsRequest, type EventFilter, type StreamEventsResponse } from '@parley/contracts';
import type { EventClient, Router } from './started-router.ts';

/** What a subscriber got, in order, on either transport. */
export interface Received {
  readonly events: ReceivedEvent[];
  /** The last cursor, of an event or a heartbeat. */
  cursor(): string;
  /** Resolves with the first cursor: from then on nothing is missed. */
  readonly open: Promise<void>;
  /** Why the stream ended; undefined if it was closed here. */
  readonly ended: Promise<unknown>;
  close(): Promise<void>;
}

export interface ReceivedEvent {
  readonly id: string;
  readonly source: string;
  readonly type: string;
  readonly sequence: bigint;
  /** With which the subscriber goes on behind it. */
  readonly cursor: string;
  /** As it arrived. */
  readonly raw: unknown;
}

export interface StreamOptions {
  readonly filter?: Partial<EventFilter>;
  readonly cursor?: string;
}

export function streamOverGrpc(client: EventClient, { filter = {}, cursor = '' }: StreamOptions = {}): Received {
  const abort = new AbortController();
  const collected = collector();
  const run = async () => {
    const stream = await client.streamEvents(StreamEventsRequest.fromPartial({ filter, cursor }), { signal: abort.signal });
    for await (const { cursor, event } of stream) collected.take(cursor, event && fromMessage(event, cursor));
  };
  return collected.received(
    run().catch((error: unknown) => (abort.signal.aborted ? undefined : error)),
    () => abort.abort(),
  );
}

function fromMessage(event: NonNullable<StreamEventsResponse['event']>, cursor: string): ReceivedEvent {
  const { id, source, type, sequence } = event;
  return { id, source, type, sequence, cursor, raw: event };
}

/** An error that SSE answered with before the stream began. */
export class HttpError extends Error {
  readonly status: number;
  readonly body: unknown;
  constructor(status: number, body: unknown) {
    super(`status ${status}`);
    this.status = status;
    this.body = body;
  }
}

export interface SseOptions {
  readonly query?: Readonly<Record<string, string>>;
  readonly headers?: Readonly<Record<string, string>>;
}

export function streamOverSse(router: Pick<Router, 'httpPort'>, token: string | undefined, { query = {}, headers = {} }: SseOptions = {}): Received {
  const collected = collector();
  const url = `http://127.0.0.1:${router.httpPort}/v1/events?${new URLSearchParams(query).toString()}`;
  const request = get(url, { headers: { ...(token === undefined ? {} : { authorization: `Bearer ${token}` }), ...headers } });
  let isClosed = false;
  const run = async () => {
    const response = await new Promise<IncomingMessage>((resolve, reject) => request.on('response', resolve).on('error', reject));
    let text = '';
    response.setEncoding('utf8');
    for await (const part of response as AsyncIterable<string>) {
      text += part;
      if (response.statusCode === 200) text = takeSse(text, collected);
    }
    if (response.statusCode !== 200) throw new HttpError(response.statusCode ?? 0, JSON.parse(text));
  };
  return collected.received(
    run().catch((error: unknown) => (isClosed ? undefined : error)),
    () => {
      isClosed = true;
      request.destroy();
    },
  );
}

/** Takes whole messages off the text, and returns what is left. */
function takeSse(text: string, collected: ReturnType<typeof collector>): string {
  const messages = text.split('\n\n');
  const rest = messages.pop()!;
  for (const message of messages) {
    const fields = new Map(message.split('\n').map((line) => [line.slice(0, line.indexOf(':')), line.slice(line.indexOf(':') + 2)]));
    const cursor = fields.get('id');
    if (cursor === undefined) continue;
    const isEvent = fields.get('event') !== 'heartbeat' && fields.has('data');
    collected.take(cursor, isEvent ? fromJson(JSON.parse(fields.get('data')!) as CloudEvent, cursor) : undefined);
  }
  return rest;
}

export interface CloudEvent {
  readonly id: string;
  readonly source: string;
  readonly type: string;
  readonly subject: string;
  readonly sequence: string;
}

function fromJson(raw: CloudEvent, cursor: string): ReceivedEvent {
  const { id, source, type, sequence } = raw;
  return { id, source, type, sequence: BigInt(sequence), cursor, raw };
}

function collector() {
  const events: ReceivedEvent[] = [];
  const opened = Promise.withResolvers<void>();
  opened.promise.catch(() => undefined);
  let last = '';
  return {
    take: (cursor: string, event: ReceivedEvent | undefined) => {
      last = cursor;
      if (event !== undefined) events.push(event);
      opened.resolve();
    },
    received: (ended: Promise<unknown>, abort: () => void): Received => {
      void ended.then((error) => opened.reject(error));
      return {
        events,
        cursor: () => last,
        open: opened.promise,
        ended,
        close: async () => {
          abort();
          await ended;
        },
      };
    },
  };
}
