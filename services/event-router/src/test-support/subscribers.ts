import { get, type IncomingMessage } from 'node:http';
import { WebSocket } from 'ws';
import { StreamEventsRequest, type EventFilter, type Notice, type StartPosition, type StreamEventsResponse } from '@parley/contracts';
import type { EventClient, Router } from './started-router.ts';

/** What a subscriber got, in order, on either transport. */
export interface Received {
  readonly events: ReceivedEvent[];
  /** What was said besides: `degraded billing`, `draining`. */
  readonly notices: string[];
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
  readonly start?: StartPosition;
  readonly maxEvents?: number;
}

export function streamOverGrpc(client: EventClient, { filter = {}, ...rest }: StreamOptions = {}): Received {
  const abort = new AbortController();
  const collected = collector();
  const run = async () => {
    const stream = await client.streamEvents(StreamEventsRequest.fromPartial({ filter, ...rest }), { signal: abort.signal });
    for await (const { cursor, event, events, notice } of stream) {
      for (const one of events) collected.take(cursor, fromMessage(one, cursor));
      if (notice !== undefined) collected.notices.push(noticeOf(notice));
      if (events.length === 0) collected.take(cursor, event && fromMessage(event, cursor));
    }
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

function noticeOf({ kind }: Notice): string {
  switch (kind?.$case) {
    case 'streamDegraded':
      return `degraded ${kind.value.eventClass}`;
    case 'streamRestored':
      return `restored ${kind.value.eventClass}`;
    default:
      return 'draining';
  }
}

/** An error that a web client was answered with before the stream began. */
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
    return collected.ending();
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
    const type = fields.get('event') ?? '';
    const data: unknown = JSON.parse(fields.get('data') ?? '{}');
    if (type === 'stream.ended') collected.end(data);
    if (cursor !== undefined) collected.takeJson(type, cursor, data);
  }
  return rest;
}

/** @param query besides what is asked for: the token, since a browser can set no header */
export function streamOverWebSocket(router: Pick<Router, 'httpPort'>, token: string | undefined, query: Readonly<Record<string, string>> = {}): Received {
  const collected = collector();
  const parameters = new URLSearchParams({ ...query, ...(token === undefined ? {} : { access_token: token }) });
  const client = new WebSocket(`ws://127.0.0.1:${router.httpPort}/v1/events?${parameters.toString()}`, 'cloudevents.json');
  client.on('message', (message: Buffer) => {
    const { cursor, ...event } = JSON.parse(message.toString()) as CloudEvent & { readonly cursor: string; readonly data: unknown };
    collected.takeJson(event.type, cursor, event.type.startsWith('stream.') ? event.data : event);
  });
  const ended = new Promise<unknown>((resolve) => {
    client.on('close', (_, reason) => resolve(reason.length === 0 ? undefined : { code: reason.toString() }));
    client.on('error', resolve);
    client.on('unexpected-response', (_, response: IncomingMessage) => void textOf(response).then((text) => resolve(new HttpError(response.statusCode ?? 0, JSON.parse(text)))));
  });
  return collected.received(ended, () => client.close());
}

async function textOf(response: IncomingMessage): Promise<string> {
  let text = '';
  for await (const part of response.setEncoding('utf8') as AsyncIterable<string>) text += part;
  return text;
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
  const notices: string[] = [];
  let last = '';
  let end: unknown;
  const take = (cursor: string, event: ReceivedEvent | undefined) => {
    last = cursor;
    if (event !== undefined) events.push(event);
    opened.resolve();
  };
  return {
    take,
    notices,
    /** Of a transport that speaks JSON. */
    takeJson: (type: string, cursor: string, data: unknown) => {
      const isEvent = type !== 'heartbeat' && !type.startsWith('stream.');
      if (!isEvent && !type.endsWith('heartbeat')) notices.push([type.slice('stream.'.length), (data as { eventClass?: string }).eventClass].join(' ').trim());
      take(cursor, isEvent ? fromJson(data as CloudEvent, cursor) : undefined);
    },
    /** Why the stream ends, said by itself. */
    end: (why: unknown) => {
      end = why;
    },
    ending: () => end,
    received: (ended: Promise<unknown>, abort: () => void): Received => {
      void ended.then((error) => opened.reject(error));
      return {
        events,
        notices,
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
