import { defineServiceConfig, integer, list, pattern, text, url } from '@parley/config';
import { durationPattern, schedulePattern } from './domain/retry-schedule.ts';

/** The example schedule of Standard Webhooks; 75 hours in all. */
const exampleSchedule = '0s,5s,5m,30m,2h,5h,10h,14h,20h,24h';

/** What the event-router reads from its environment. */
export const configDefinition = defineServiceConfig({
  EVENT_CURSOR_KEY_FILE: { type: text(), describe: 'file with the secret that cursors are signed with: at least 32 bytes as base64url, the same for each replica' },
  EVENT_STREAM_URL: { type: url(['http', 'https']), optional: true, describe: 'URL of the event stream as web clients know it, which verification tokens are made for; by default `http://<LISTEN_HOST>:<HTTP_PORT>/v1/events`' },
  HEARTBEAT_MS: { type: integer({ min: 100, max: 60_000 }), default: '10000', describe: 'how often a stream that is quiet moves its cursor on' },
  CLIENT_STALL_MS: { type: integer({ min: 100 }), default: '60000', describe: 'a client that reads nothing for so long is sent away' },
  STREAMS_PER_ACCOUNT: { type: integer({ min: 1 }), default: '10000', describe: 'how many gRPC, SSE and WebSocket streams an account may have on a replica' },
  DRAIN_MS: { type: integer({ min: 0, max: 600_000 }), default: '5000', describe: 'over so long a shutdown sends its clients away, one by one' },
  STREAM_CHECK_MS: { type: integer({ min: 50, max: 60_000 }), default: '1000', describe: 'how often each event stream is looked at; one that fails twice is degraded' },
  RECENT_EVENTS: { type: integer({ min: 1 }), default: '20000', describe: 'how many of the latest events of each class are kept in memory for clients that are a little behind' },
  RECENT_BYTES: { type: integer({ min: 1 }), default: '33554432', describe: 'and how many bytes of them' },
  WEBHOOK_SCHEDULE: { type: pattern(schedulePattern, 'delays as 500ms, 5s, 5m or 2h, separated by commas'), default: exampleSchedule, describe: 'delay before each attempt at a webhook delivery, e.g. `0s,500ms,5m,2h`; as many attempts as delays' },
  WEBHOOK_TIMEOUT_MS: { type: integer({ min: 100, max: 60_000 }), default: '15000', describe: 'how long a webhook receiver may take to answer' },
  WEBHOOK_CONCURRENCY: { type: integer({ min: 1, max: 1_000 }), default: '8', describe: 'deliveries that are sent to one endpoint at a time, by each replica' },
  WEBHOOK_MAX_BYTES: { type: integer({ min: 1_024, max: 1_048_576 }), default: '262144', describe: 'largest body of a webhook; an event that has more is a dead letter' },
  WEBHOOK_CIRCUIT_FAILURES: { type: integer({ min: 1 }), default: '10', describe: 'failures in a row after which an endpoint is asked only now and then' },
  WEBHOOK_CIRCUIT_PAUSES: { type: pattern(schedulePattern, 'pauses as 500ms, 5s, 5m or 2h, separated by commas'), default: '5s,15s,1m,5m', describe: 'pauses between those requests, while none is answered; the last again and again' },
  WEBHOOK_GIVE_UP_AFTER: { type: pattern(durationPattern, 'a time as 30m or 75h'), default: '75h', describe: 'once an endpoint has not answered for so long, deliveries that have been due for as long are dead letters, tried or not' },
  EGRESS_ALLOW: { type: list(), optional: true, describe: '`host:port` pairs, separated by commas, that webhooks may reach although they are not public' },
  LEASE_TTL_MS: { type: integer({ min: 500, max: 60_000 }), default: '5000', describe: 'a replica that gave no sign of life for so long loses its partitions' },
});
