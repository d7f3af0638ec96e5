import { parleyError } from '@parley/errors';
import type { EventFilter } from '@parley/filters';
import type { RequestKey } from './request-key.ts';
import type { Sink } from './sink.ts';

/** By stream name: the sequence that a subscription starts after. */
export type StreamPositions = Readonly<Record<string, number>>;

export interface Subscription {
  readonly subscriptionId: string;
  /** Orders an account's subscriptions; never given twice. */
  readonly number: number;
  /** Grows with each change of the subscription; no other state of any of the account's has the same. */
  readonly revision: number;
  readonly filter: EventFilter;
  readonly sink: Sink;
  readonly paused: boolean;
  readonly startsAfter: StreamPositions;
  /** How often it was rewound to `startsAfter`. */
  readonly rewind: number;
  readonly createTimeMs: number;
  readonly updateTimeMs: number;
  /** What created it. */
  readonly request: RequestKey;
  /** As it was created, once it was changed: what the same request is answered with again. */
  readonly created?: Subscription;
}

/** Stands for one state of a subscription. */
export function etagOf({ revision }: Subscription): string {
  return `r${revision.toString(36)}`;
}

/**
 * @param etag of the state that a change is meant for; empty: of whatever state.
 * @throws ParleyError `subscription.etag_mismatch`
 */
export function assertEtag(subscription: Subscription, etag: string): void {
  if (etag !== '' && etag !== etagOf(subscription)) {
    throw parleyError('subscription.etag_mismatch', 'the subscription was changed since; read it again');
  }
}
