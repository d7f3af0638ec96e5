import { parleyError } from '@parley/errors';
import type { ClientConnection, Transport } from '../streaming/client-connection.ts';
import type { AccountSettings } from './account-directory.ts';
import type { StreamGrant } from './stream-grant.ts';

export interface OpenStream {
  /** Aborted when the client has gone, or is sent away. */
  readonly signal: AbortSignal;
  /** Why it is sent away; undefined while it is not, and for a client that has gone by itself. */
  readonly failure: Error | undefined;
  /** It is over. */
  leave(): void;
}

interface Entry {
  readonly grant: StreamGrant;
  readonly transport: Transport;
  readonly end: (error: Error) => void;
}

/** setTimeout takes no more than this. */
const longestTimerMs = 2 ** 31 - 1;

/** The streams that are open on this replica, and what ends them from outside. */
export class OpenStreams {
  readonly #perAccountLimit: number;
  readonly #entries = new Set<Entry>();
  readonly #perAccount = new Map<string, number>();
  #isDraining = false;
  #onEmpty: () => void = () => undefined;

  /** @param perAccountLimit streams that an account may have */
  constructor(perAccountLimit: number) {
    this.#perAccountLimit = perAccountLimit;
  }

  countOf(transport: Transport): number {
    return this.#entries.values().reduce((sum, entry) => sum + (entry.transport === transport ? 1 : 0), 0);
  }

  /** @throws ParleyError `shutting_down`, `subscription.too_many_streams` */
  assertRoom(accountId: string): void {
    if (this.#isDraining) throw shuttingDown();
    if ((this.#perAccount.get(accountId) ?? 0) >= this.#perAccountLimit) {
      throw parleyError('subscription.too_many_streams', `an account may have ${this.#perAccountLimit} streams on a replica`);
    }
  }

  /** A stream that ends when its client goes, its grant expires, or it is sent away. @throws as assertRoom */
  enter(grant: StreamGrant, connection: ClientConnection): OpenStream {
    this.assertRoom(grant.accountId);
    const ending = new AbortController();
    let failure: Error | undefined;
    const end = (error?: Error) => {
      if (!ending.signal.aborted) failure = error;
      ending.abort();
    };
    const onGone = () => end();
    connection.signal.addEventListener('abort', onGone, { once: true });
    if (connection.signal.aborted) onGone();
    const timer = atExpiry(grant, () => end(parleyError('auth.expired', 'the token has expired; come back with a new one and the cursor')));
    const entry = { grant, transport: connection.transport, end };
    this.#add(entry);
    return {
      signal: ending.signal,
      get failure() {
        return failure;
      },
      leave: () => {
        clearTimeout(timer);
        connection.signal.removeEventListener('abort', onGone);
        this.#remove(entry);
      },
    };
  }

  /** What an account has set has changed: its streams that are not in force any more end. */
  recheck(accountId: string, settings: AccountSettings): void {
    for (const { grant, end } of this.#entries) {
      if (grant.accountId !== accountId || grant.isInForce(settings)) continue;
      end(parleyError('verification.revoked', 'the verification token, or its key, was revoked'));
    }
  }

  /** Ends all, one by one over a time, so that they do not all come to the next replica at once. Resolves when they have gone. */
  async drain(overMs: number): Promise<void> {
    this.#isDraining = true;
    const timers = [...this.#entries].map(({ end }) => setTimeout(() => end(shuttingDown()), Math.random() * overMs));
    if (this.#entries.size > 0) await new Promise<void>((resolve) => (this.#onEmpty = resolve));
    for (const timer of timers) clearTimeout(timer);
  }

  #add(entry: Entry): void {
    const { accountId } = entry.grant;
    this.#entries.add(entry);
    this.#perAccount.set(accountId, (this.#perAccount.get(accountId) ?? 0) + 1);
  }

  #remove(entry: Entry): void {
    const { accountId } = entry.grant;
    this.#entries.delete(entry);
    const rest = this.#perAccount.get(accountId)! - 1;
    if (rest === 0) this.#perAccount.delete(accountId);
    else this.#perAccount.set(accountId, rest);
    if (this.#entries.size === 0) this.#onEmpty();
  }
}

function shuttingDown(): Error {
  return parleyError('shutting_down', 'this instance shuts down; come back with the cursor');
}

function atExpiry({ expiresAt }: StreamGrant, expire: () => void): NodeJS.Timeout | undefined {
  if (expiresAt === undefined) return undefined;
  return setTimeout(expire, Math.min(Math.max(0, expiresAt.getTime() - Date.now()), longestTimerMs));
}
