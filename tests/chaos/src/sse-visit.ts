import { get, type IncomingMessage } from 'node:http';
import { createParser, type EventSourceMessage } from 'eventsource-parser';
import type { CloudEvent } from '@parley/examples';
import { refusal } from './http-refusal.ts';
import { toQuery } from './soak-filter.ts';
import type { ReceivedEvent } from './subscriber-log.ts';
import type { Visit, VisitEnd, VisitOptions } from './visit.ts';

/** `GET /v1/events`, on a connection of its own. */
export function visitOverSse({ port, token, filter, cursor, onMessage }: VisitOptions): Visit {
  const headers = { authorization: `Bearer ${token}`, accept: 'text/event-stream', ...(cursor === '' ? {} : { 'last-event-id': cursor }) };
  const request = get({ host: '127.0.0.1', port, path: `/v1/events?${toQuery(filter).toString()}`, headers, agent: false });
  let response: IncomingMessage | undefined;
  let isLeft = false;
  const parser = createParser({
    onEvent: (message) => {
      if (!isLeft && message.id !== undefined) onMessage(message.id, eventsOf(message));
    },
  });
  const read = async (): Promise<VisitEnd> => {
    response = await new Promise<IncomingMessage>((resolve, reject) => request.on('response', resolve).on('error', reject));
    response.setEncoding('utf8');
    if (response.statusCode !== 200) return refusal(response);
    const opened = response;
    opened.on('data', (text: string) => parser.feed(text));
    return new Promise((resolve) => {
      opened.on('end', () => resolve({ kind: 'broken', why: 'the stream ended' }));
      opened.on('close', () => resolve({ kind: 'broken', why: 'the connection broke' }));
      opened.on('error', (error) => resolve({ kind: 'broken', why: error.message }));
    });
  };
  const ended = read()
    .catch((error: unknown): VisitEnd => ({ kind: 'broken', why: (error as Error).message }))
    .then((end): VisitEnd => (isLeft ? { kind: 'left', why: 'left' } : end))
    .finally(() => request.destroy());
  return {
    ended,
    pause: () => void response?.pause(),
    resume: () => void response?.resume(),
    leave: () => {
      isLeft = true;
      request.destroy();
      response?.destroy();
    },
  };
}

/** Heartbeats and notices have a type of their own and carry no event. */
function eventsOf({ event, data }: EventSourceMessage): readonly ReceivedEvent[] {
  if (event === 'heartbeat' || event?.startsWith('stream.') === true) return [];
  const { id, source, sequence, type } = JSON.parse(data) as CloudEvent;
  return [{ id, source, sequence: BigInt(sequence), type }];
}
