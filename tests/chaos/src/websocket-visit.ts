import type { IncomingMessage } from 'node:http';
import type { CloudEvent } from '@parley/examples';
import { WebSocket } from 'ws';
import { refusal } from './http-refusal.ts';
import { toQuery } from './soak-filter.ts';
import type { Visit, VisitEnd, VisitOptions } from './visit.ts';

/** RFC 6455, 7.4.1: what a client cannot cure by coming back. */
const policyViolation = 1008;

/** `GET /v1/events` with an upgrade: CloudEvents JSON, each with its cursor. */
export function visitOverWebSocket({ port, token, filter, cursor, onMessage }: VisitOptions): Visit {
  const query = toQuery(filter);
  if (cursor !== '') query.set('cursor', cursor);
  const client = new WebSocket(`ws://127.0.0.1:${port}/v1/events?${query.toString()}`, 'cloudevents.json', { headers: { authorization: `Bearer ${token}` } });
  let isLeft = false;
  client.on('message', (message: Buffer) => {
    if (isLeft) return;
    const { cursor: next, id, source, sequence, type } = JSON.parse(message.toString()) as CloudEvent & { readonly cursor: string };
    onMessage(next, type.startsWith('stream.') ? [] : [{ id, source, sequence: BigInt(sequence), type }]);
  });
  const ended = new Promise<VisitEnd>((resolve) => {
    client.on('close', (code, reason) => resolve({ kind: code === policyViolation ? 'refused' : 'broken', why: `closed with ${code} ${reason.toString()}` }));
    client.on('error', ({ message }) => resolve({ kind: 'broken', why: message }));
    client.on('unexpected-response', (_, response: IncomingMessage) => {
      void refusal(response).catch(({ message }: Error): VisitEnd => ({ kind: 'broken', why: message })).then(resolve);
    });
  })
    .then((end): VisitEnd => (isLeft ? { kind: 'left', why: 'left' } : end))
    .finally(() => client.terminate());
  return {
    ended,
    pause: () => client.pause(),
    resume: () => client.resume(),
    leave: () => {
      isLeft = true;
      // A paused stream would not get to its end; one that was never opened has none.
      if (client.readyState === client.OPEN) client.resume();
      client.terminate();
    },
  };
}
