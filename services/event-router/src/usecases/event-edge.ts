import { parleyError } from '@parley/errors';
import type { FieldNames, GivenFilter } from '@parley/filters';
import { attributeNames, gauge } from '@parley/telemetry';
import type { ClientConnection, Transport } from '../streaming/client-connection.ts';
import { followEvents, type FollowOptions, type Inspect } from '../streaming/follower.ts';
import type { AccountDirectory } from './account-directory.ts';
import { assertBeginning } from './assert-beginning.ts';
import { assertKeptFor } from './assert-kept-for.ts';
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

interface OpenStream {
  readonly grant: StreamGrant;
  readonly transport: Transport;
  readonly end: (error: Error) => void;
}

export function createEventEdge(options: EdgeOptions): EventEdge {
  const { tails, accounts, streamsPerAccount, drainMs } = options;
  const streams = new Set<OpenStream>();
  const perAccount = new Map<string, number>();
  let isDraining = false;
  let onEmpty: () => void = () => undefined;
  const countOf = (transport: Transport) => ({
    value: streams.values().reduce((sum, stream) => sum + (stream.transport === transport ? 1 : 0), 0),
    labels: { [attributeNames.transport]: transport },
  });
  gauge('parley.delivery.clients', () => [countOf('grpc'), countOf('sse'), countOf('websocket')]);
  gauge('parley.delivery.lag', () => tails.all.map((tail) => ({ value: tail.lag, labels: { [attributeNames.eventClass]: tail.eventClass } })));

  const assertRoom = (accountId: string): void => {
    if (isDraining) throw shuttingDown();
    if ((perAccount.get(accountId) ?? 0) >= streamsPerAccount) {
      throw parleyError('subscription.too_many_streams', `an account may have ${streamsPerAccount} streams on a replica`);
    }
  };
  const enter = (accountId: string, stream: OpenStream): void => {
    streams.add(stream);
    perAccount.set(accountId, (perAccount.get(accountId) ?? 0) + 1);
  };
  const leave = (accountId: string, stream: OpenStream): void => {
    streams.delete(stream);
    const rest = perAccount.get(accountId)! - 1;
    if (rest === 0) perAccount.delete(accountId);
    else perAccount.set(accountId, rest);
    if (streams.size === 0) onEmpty();
  };

  return {
    open: async ({ grant, ...request }) => {
      const { accountId } = grant;
      assertRoom(accountId);
      const { filter, positions } = await openSubscriber(options, { accountId, ...request });
      const isFromBeginning = request.cursor === '' && request.start.kind === 'beginning_of_call';
      const inspect = both(assertKeptFor(accountId, accounts), isFromBeginning ? assertBeginning(filter.filter.callIds) : undefined);
      return {
        follow: async (connection) => {
          assertRoom(accountId);
          const ending = new AbortController();
          let failure: Error | undefined;
          const stream: OpenStream = {
            grant,
            transport: connection.transport,
            end: (error) => {
              failure ??= error;
              ending.abort();
            },
          };
          const onGone = () => ending.abort();
          connection.signal.addEventListener('abort', onGone, { once: true });
          if (connection.signal.aborted) onGone();
          const timer = atExpiry(grant, () => stream.end(parleyError('auth.expired', 'the token has expired; come back with a new one and the cursor')));
          enter(accountId, stream);
          try {
            await followEvents(options, { filter, positions, connection, signal: ending.signal, inspect });
            if (failure !== undefined && !connection.signal.aborted) throw failure;
          } finally {
            clearTimeout(timer);
            connection.signal.removeEventListener('abort', onGone);
            leave(accountId, stream);
          }
        },
      };
    },
    recheck: (accountId) => {
      const settings = accounts.of(accountId);
      for (const { grant, end } of streams) {
        if (grant.accountId === accountId && !grant.isInForce(settings)) end(parleyError('verification.revoked', 'the verification token, or its key, was revoked'));
      }
    },
    drain: async () => {
      isDraining = true;
      tails.notifyAll({ kind: 'draining' });
      const timers = [...streams].map((stream) => setTimeout(() => stream.end(shuttingDown()), Math.random() * drainMs));
      if (streams.size > 0) await new Promise<void>((resolve) => (onEmpty = resolve));
      for (const timer of timers) clearTimeout(timer);
    },
  };
}

function shuttingDown(): Error {
  return parleyError('shutting_down', 'this instance shuts down; come back with the cursor');
}

/** setTimeout takes no more than this. */
const longestTimerMs = 2 ** 31 - 1;

function atExpiry({ expiresAt }: StreamGrant, expire: () => void): NodeJS.Timeout | undefined {
  if (expiresAt === undefined) return undefined;
  return setTimeout(expire, Math.min(Math.max(0, expiresAt.getTime() - Date.now()), longestTimerMs));
}

function both(one: Inspect, other: Inspect | undefined): Inspect {
  if (other === undefined) return one;
  return (event, eventClass) => {
    one(event, eventClass);
    other(event, eventClass);
  };
}
