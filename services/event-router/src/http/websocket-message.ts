import { createHash } from 'node:crypto';
import type { Encode, SubscriberMessage } from '../streaming/message-batch.ts';
import { noticeData } from './sse-message.ts';

/** The subprotocol of CloudEvents' WebSocket binding whose messages are these. */
export const subprotocol = 'cloudevents.json';

/** Of what is not an event but said by the router. */
const source = '/v1/events';

/**
 * Messages as CloudEvents JSON (CloudEvents WebSockets Protocol Binding 1.0), each with the extension attribute `cursor`.
 * Heartbeats and notices are CloudEvents of the types `stream.heartbeat`, `stream.degraded` and so on.
 */
export const encodeWebSocket: Encode<readonly string[]> = (messages) => messages.map(formatMessage);

function formatMessage({ cursor, event, notice }: SubscriberMessage): string {
  if (event !== undefined) return `{"cursor":"${cursor}",${event.json.slice(1)}`;
  const type = `stream.${notice?.kind ?? 'heartbeat'}`;
  const data = notice === undefined ? {} : noticeData(notice);
  // The same cursor and type say the same, whenever they are sent.
  const id = createHash('sha256').update(`${cursor} ${type} ${JSON.stringify(data)}`).digest('base64url').slice(0, 22);
  return JSON.stringify({ cursor, specversion: '1.0', id, source, type, datacontenttype: 'application/json', data });
}
