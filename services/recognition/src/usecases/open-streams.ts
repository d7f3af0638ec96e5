import { parleyError } from '@parley/errors';

export interface StreamBounds {
  /** As many as can be analysed in time. */
  readonly maxStreams: number;
  /** Of them, those that one account may have: what is left is for the others. */
  readonly maxStreamsPerAccount: number;
}

export interface StreamKey {
  readonly accountId: string;
  readonly callId: string;
  readonly party: string;
}

interface OpenStream {
  readonly accountId: string;
  readonly controller: AbortController;
}

/**
 * The streams that are open in this process, by the side of a call that they observe. A newer one takes the place of the
 * older and ends it at once; one of another replica finds out at its next write.
 */
export class OpenStreams {
  readonly #open = new Map<string, OpenStream>();
  readonly #bounds: StreamBounds;

  constructor(bounds: StreamBounds) {
    this.#bounds = bounds;
  }

  get count(): number {
    return this.#open.size;
  }

  /**
   * @returns a signal that aborts, with the reason, once a newer stream opens; and what to call at the end.
   * @throws ParleyError observation.no_capacity, observation.account_streams
   */
  open({ accountId, callId, party }: StreamKey): { readonly replaced: AbortSignal; readonly close: () => void } {
    // Of the account, too, so that a forged claim for another's call cannot end its stream.
    const key = `${accountId}/${callId}/${party}`;
    const older = this.#open.get(key);
    if (older) older.controller.abort(parleyError('observation.replaced', 'a newer stream observes the same side of the call'));
    else this.#admit(accountId);
    const stream = { accountId, controller: new AbortController() };
    this.#open.set(key, stream);
    return {
      replaced: stream.controller.signal,
      close: () => {
        if (this.#open.get(key) === stream) this.#open.delete(key);
      },
    };
  }

  #admit(accountId: string): void {
    const { maxStreams, maxStreamsPerAccount } = this.#bounds;
    if (this.count >= maxStreams) throw parleyError('observation.no_capacity', `this replica analyses ${maxStreams} streams already; another one may have room`);
    const own = [...this.#open.values()].filter((stream) => stream.accountId === accountId).length;
    if (own >= maxStreamsPerAccount) throw parleyError('observation.account_streams', `the account has ${own} streams on this replica, as many as it may have`);
  }
}
