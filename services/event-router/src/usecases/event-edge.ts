import { toParleyError } from '@parley/errors';
import type { FieldNames, GivenFilter } from '@parley/filters';
import { attributeNames, count, gauge } from '@parley/telemetry';
import type { ClientConnection, Transport } from '../streaming/client-connection.ts';
import { followEvents, type FollowOptions, type Inspect } from '../streaming/follower.ts';
import type { AccountDirectory } from './account-directory.ts';
import type { Tail } from '../streaming/tail.ts';
import { assertBeginning } from './assert-beginning.ts';
import { assertKeptFor } from './assert-kept-for.ts';
import { OpenStreams } from './open-streams.ts';
import { openSubscriber, type OpenPorts, type Start } from './open-subscriber.ts';
import type { StreamGrant } from './stream-grant.ts';

export interface OpenRequest {
  readonly grant: StreamGrant;
  readonly filter: GivenFilter;
  /** Empty: from the start. */
  readonly cursor: string;
  readonly start: Start;
  readonly fieldNames?: FieldNames;
}

export interface OpenedStream {
  /**
   * Serves the client until it goes.
   * @throws ParleyError `auth.expired` when its token does, `verification.revoked`, `shutting_down`, `cursor.too_old`,
   *   `subscription.slow_consumer`, `subscription.start_expired`
   */
  follow(connection: ClientConnection): Promise<void>;
}

/** The event streams as clients subscribe to them, the same on each transport. */
export interface EventEdge {
  /** Checks a request. @throws ParleyError as openSubscriber, and `subscription.too_many_streams` */
  open(request: OpenRequest): Promise<OpenedStream>;
  /** What an account has set has changed: streams that are not in force any more end. */
  recheck(accountId: string): void;
  /** Tells the clients that this replica shuts down, and sends them away one by one. Resolves when they have gone. */
  drain(): Promise<void>;
}

export interface EdgeOptions extends OpenPorts, FollowOptions {
  readonly accounts: AccountDirectory;
  /** Streams that an account may have on this replica. */
  readonly streamsPerAccount: number;
  /** Over so long a shutdown spreads its clients' going, so that they do not all come to the next replica at once. */
  readonly drainMs: number;
}

const transports = ['grpc', 'sse', 'websocket'] as const satisfies readonly Transport[];

export function createEventEdge(options: EdgeOptions): EventEdge {
  const { tails, accounts, streamsPerAccount, drainMs } = options;
  const streams = new OpenStreams(streamsPerAccount);
  gauge('parley.delivery.clients', () => transports.map((transport) => ({ value: streams.countOf(transport), labels: { [attributeNames.transport]: transport } })));
  const byClass = (valueOf: (tail: Tail) => number) => tails.all.map((tail) => ({ value: valueOf(tail), labels: { [attributeNames.eventClass]: tail.eventClass } }));
  gauge('parley.delivery.lag', () => byClass((tail) => tail.lag));
  gauge('parley.delivery.available', () => byClass((tail) => (tail.isAvailable ? 1 : 0)));

  return {
    open: async ({ grant, ...request }) => {
      const { accountId } = grant;
      streams.assertRoom(accountId);
      const { filter, positions } = await openSubscriber(options, { accountId, ...request });
      const isFromBeginning = request.cursor === '' && request.start.kind === 'beginning_of_call';
      const inspect = both(assertKeptFor(accountId, accounts), isFromBeginning ? assertBeginning(filter.filter.callIds) : undefined);
      return {
        follow: async (connection) => {
          const stream = streams.enter(grant, connection);
          try {
            await followEvents(options, { filter, positions, connection, signal: stream.signal, inspect });
            if (stream.failure !== undefined) throw stream.failure;
          } catch (error) {
            count('parley.delivery.sent_away', 1, { [attributeNames.reason]: toParleyError(error).code });
            throw error;
          } finally {
            stream.leave();
          }
        },
      };
    },
    recheck: (accountId) => streams.recheck(accountId, accounts.of(accountId)),
    drain: () => {
      tails.notify({ kind: 'draining' });
      return streams.drain(drainMs);
    },
  };
}

function both(one: Inspect, other: Inspect | undefined): Inspect {
  if (other === undefined) return one;
  return (event, eventClass) => {
    one(event, eventClass);
    other(event, eventClass);
  };
}
