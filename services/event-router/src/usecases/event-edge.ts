import { parleyError } from '@parley/errors';
import type { FieldNames, GivenFilter } from '@parley/filters';
import type { Identity } from '@parley/grpc';
import { attributeNames, count, gauge, record } from '@parley/telemetry';
import { followEvents, type FollowOptions, type SubscriberMessage } from './follow-events.ts';
import { openSubscriber } from './open-subscriber.ts';

export interface OpenRequest {
  readonly identity: Identity;
  readonly filter: GivenFilter;
  /** Empty: from now on. */
  readonly cursor: string;
  readonly fieldNames?: FieldNames;
}

/** How messages reach a client. */
export interface ClientConnection {
  readonly transport: 'grpc' | 'sse';
  /** Hands a message over at once; resolves when there is room for the next. */
  readonly send: (message: SubscriberMessage) => Promise<void>;
  /** Aborted when the client has gone. */
  readonly signal: AbortSignal;
}

export interface OpenedStream {
  /**
   * Serves the client until it goes.
   * @throws ParleyError `auth.expired` when its token does, `shutting_down`, `cursor.too_old`, `subscription.slow_consumer`
   */
  follow(connection: ClientConnection): Promise<void>;
}

/** The event streams as clients subscribe to them, the same on each transport. */
export interface EventEdge {
  /** Checks a request. @throws ParleyError `subscription.invalid_filter`, `cursor.*` */
  open(request: OpenRequest): Promise<OpenedStream>;
}

/** @param shutdown aborted when this replica shuts down: clients come back to another one with their cursors. */
export function createEventEdge(options: FollowOptions, shutdown: AbortSignal): EventEdge {
  const open = { grpc: 0, sse: 0 };
  const labelled = (transport: keyof typeof open) => ({ value: open[transport], labels: { [attributeNames.transport]: transport } });
  gauge('parley.delivery.clients', () => [labelled('grpc'), labelled('sse')]);

  return {
    open: async ({ identity, ...request }) => {
      const { accountId } = identity;
      const { filter, positions } = await openSubscriber(options, { accountId, ...request });
      return {
        follow: async (connection) => {
          open[connection.transport] += 1;
          const ends = endings(identity, connection.signal, shutdown);
          try {
            const send = observedSend(connection);
            await followEvents(options, { accountId, filter, positions, send, signal: ends.signal });
            ends.throwIfFailed();
          } finally {
            ends.dispose();
            open[connection.transport] -= 1;
          }
        },
      };
    },
  };
}

function observedSend({ transport, send }: ClientConnection): ClientConnection['send'] {
  const labels = { [attributeNames.transport]: transport };
  return (message) => {
    if (message.event !== undefined) {
      count('parley.delivery.events', 1, labels);
      record('parley.delivery.latency', (Date.now() - message.event.time.getTime()) / 1_000, labels);
    }
    return send(message);
  };
}

interface Endings {
  readonly signal: AbortSignal;
  throwIfFailed(): void;
  dispose(): void;
}

/** setTimeout takes no more than this. */
const longestTimerMs = 2 ** 31 - 1;

/** What ends a stream besides its own failure: the client goes, its token expires, or this replica shuts down. */
function endings({ claims }: Identity, client: AbortSignal, shutdown: AbortSignal): Endings {
  const expiry = new AbortController();
  const expiresAtMs = typeof claims['exp'] === 'number' ? claims['exp'] * 1_000 : Number.POSITIVE_INFINITY;
  const timer = setTimeout(() => expiry.abort(), Math.min(Math.max(0, expiresAtMs - Date.now()), longestTimerMs));
  return {
    signal: AbortSignal.any([client, shutdown, expiry.signal]),
    throwIfFailed: () => {
      if (client.aborted) return;
      if (expiry.signal.aborted) throw parleyError('auth.expired', 'the token has expired; come back with a new one and the cursor');
      if (shutdown.aborted) throw parleyError('shutting_down', 'this instance shuts down; come back with the cursor');
    },
    dispose: () => clearTimeout(timer),
  };
}
