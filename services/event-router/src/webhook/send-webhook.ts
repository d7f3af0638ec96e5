import { isParleyError, type ErrorCode } from '@parley/errors';
import type { AttemptResult } from '../domain/attempt.ts';
import type { Delivery, LaneGap } from '../domain/delivery.ts';
import { keysInForce, type WebhookSubscription } from '../domain/webhook-subscription.ts';
import { signatureHeader } from './signature.ts';

export interface Post {
  readonly url: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string;
  readonly signal: AbortSignal;
}

export interface PostAnswer {
  readonly status: number;
  readonly retryAfter: string | undefined;
  /** The beginning of its body, printable. */
  readonly excerpt: string;
}

/** @throws ParleyError `egress.*` when there was no answer */
export type SendPost = (post: Post) => Promise<PostAnswer>;

/**
 * One attempt at a delivery, as Standard Webhooks has it. The id is the event's: by it a receiver knows a repeat. The
 * signature is made anew for each attempt, since it covers the time.
 * @param gap what the lane's receiver was not given before this
 */
export async function sendWebhook(
  sendPost: SendPost,
  delivery: Pick<Delivery, 'eventId' | 'body'>,
  subscription: Pick<WebhookSubscription, 'url' | 'signingKeys'>,
  { gap, now, signal }: { readonly gap: LaneGap; readonly now: Date; readonly signal: AbortSignal },
): Promise<AttemptResult> {
  const { eventId, body } = delivery;
  const timestamp = Math.floor(now.getTime() / 1_000);
  const headers = {
    'content-type': 'application/cloudevents+json; charset=utf-8',
    'user-agent': 'parley-event-router',
    'webhook-id': eventId,
    'webhook-timestamp': String(timestamp),
    'webhook-signature': signatureHeader({ id: eventId, timestamp, body }, keysInForce(subscription, now)),
    ...gapHeaders(gap),
  };
  try {
    const { status, retryAfter, excerpt } = await sendPost({ url: subscription.url, headers, body, signal });
    return { kind: 'answered', status, retryAfter, excerpt };
  } catch (error) {
    return { kind: 'failed', code: codeOf(error) };
  }
}

function gapHeaders({ eventIds, count }: LaneGap): Record<string, string> {
  return count === 0 ? {} : { 'parley-missing': eventIds.join(', '), 'parley-missing-count': String(count) };
}

function codeOf(error: unknown): ErrorCode {
  return isParleyError(error) ? error.code : 'internal';
}
