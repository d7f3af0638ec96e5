import { Webhook } from 'standardwebhooks';
import { isParleyError, type ErrorCode } from '@parley/errors';
import type { AttemptResult } from '../domain/attempt.ts';
import type { Delivery } from '../domain/delivery.ts';
import type { WebhookSubscription } from '../domain/webhook-subscription.ts';

/** A POST whose answer's body nobody wants. */
export interface Post {
  readonly url: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string;
  readonly signal: AbortSignal;
}

export interface PostAnswer {
  readonly status: number;
  readonly retryAfter: string | undefined;
}

/** @throws ParleyError `egress.*` when there was no answer */
export type SendPost = (post: Post) => Promise<PostAnswer>;

/**
 * One attempt at a delivery, as Standard Webhooks has it. The id is the event's: by it a receiver knows a repeat. The
 * signature is made anew for each attempt, since it covers the time.
 */
export async function sendWebhook(
  sendPost: SendPost,
  delivery: Pick<Delivery, 'eventId' | 'body'>,
  subscription: Pick<WebhookSubscription, 'url' | 'secret'>,
  { now, signal }: { readonly now: Date; readonly signal: AbortSignal },
): Promise<AttemptResult> {
  const { eventId, body } = delivery;
  const headers = {
    'content-type': 'application/cloudevents+json; charset=utf-8',
    'user-agent': 'parley-event-router',
    'webhook-id': eventId,
    'webhook-timestamp': String(Math.floor(now.getTime() / 1_000)),
    'webhook-signature': new Webhook(subscription.secret).sign(eventId, now, body),
  };
  try {
    const { status, retryAfter } = await sendPost({ url: subscription.url, headers, body, signal });
    return { kind: 'answered', status, retryAfter };
  } catch (error) {
    return { kind: 'failed', code: codeOf(error) };
  }
}

function codeOf(error: unknown): ErrorCode {
  return isParleyError(error) ? error.code : 'internal';
}
