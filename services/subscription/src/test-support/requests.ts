import { randomUUID } from 'node:crypto';
import { subscriptionsStream, type Bus } from '@parley/bus';
import { CreateSubscriptionRequest, Sink, SubscriptionChanged } from '@parley/contracts';
import { expect } from '@jest/globals';

export const webhookUrl = 'https://hooks.example.com/parley';
export const webhookTo = (url: string) => Sink.fromPartial({ kind: { $case: 'webhook', value: { url } } });
export const webhook = webhookTo(webhookUrl);
export const natsSink = Sink.fromPartial({ kind: { $case: 'nats', value: {} } });

/** An account that no test had before. */
export const newAccount = () => `account-${randomUUID().slice(0, 8)}`;

/** Of a webhook to webhookUrl for every event, unless it says something else. */
export function creation(overrides: Partial<CreateSubscriptionRequest> = {}): CreateSubscriptionRequest {
  return { ...CreateSubscriptionRequest.fromPartial({ requestId: randomUUID(), sink: webhook }), ...overrides };
}

/** What the event-router knows: the last message on a subject of the SUBSCRIPTIONS stream. */
export async function lastAnnounced(bus: Bus, subject: string): Promise<SubscriptionChanged | undefined> {
  const message = await bus.jsm.streams.getMessage(subscriptionsStream, { last_by_subj: subject });
  return message === null ? undefined : SubscriptionChanged.decode(message.data);
}

export const code = (code: string) => expect.objectContaining({ code });

/** An answer as text, to look for what must not be in it. */
export function textOf(message: unknown): string {
  return JSON.stringify(message, (_, value: unknown) => (typeof value === 'bigint' ? String(value) : value));
}
