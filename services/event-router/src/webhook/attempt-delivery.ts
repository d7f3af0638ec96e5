import { logger, attributeNames, count, record, withSpan } from '@parley/telemetry';
import { judge, type AttemptResult, type Verdict } from '../domain/attempt.ts';
import type { Delivery, PendingDelivery } from '../domain/delivery.ts';
import type { RetrySchedule } from '../domain/retry-schedule.ts';
import type { SubscriptionIndex, WebhookSubscription } from '../domain/webhook-subscription.ts';
import type { DeliveryRepository } from '../store/delivery-repository.ts';
import type { EndpointSlots } from './endpoint-slots.ts';
import type { GoneEndpoints } from './gone-endpoints.ts';
import type { Attempted } from './lane.ts';
import { sendWebhook, type SendPost } from './send-webhook.ts';

const log = logger('webhook');

export interface AttemptPorts {
  readonly deliveries: DeliveryRepository;
  readonly subscriptions: SubscriptionIndex;
  readonly gone: GoneEndpoints;
  readonly slots: EndpointSlots;
  readonly sendPost: SendPost;
  readonly schedule: RetrySchedule;
}

const over: Attempted = { kind: 'over' };
const faultPauseMs = 1_000;

/**
 * Tries a delivery once. What came of it is stored before it is reported, so that whoever owns the partition next goes
 * on from there.
 * @param signal aborted when the partition goes: an attempt that is cut off by that counts for nothing.
 */
export async function attemptDelivery(ports: AttemptPorts, pending: PendingDelivery, signal: AbortSignal): Promise<Attempted> {
  try {
    return await attempt(ports, pending, signal);
  } catch (error) {
    // The partition went while it waited for its slot, or a fault of ours, for example of the database: not the
    // receiver's, so it costs no attempt.
    if (!signal.aborted) log.warn({ err: error, eventId: pending.eventId }, 'an attempt could not be finished');
    return { kind: 'again', attempts: pending.attempts, notBefore: new Date(Date.now() + faultPauseMs) };
  }
}

async function attempt(ports: AttemptPorts, pending: PendingDelivery, signal: AbortSignal): Promise<Attempted> {
  const { deliveries, subscriptions, gone, slots } = ports;
  const known = subscriptions.get(pending.accountId, pending.subscriptionId);
  if (known.kind === 'unknown') throw new Error('the lane of an unknown subscription is closed');
  const delivery = await deliveries.find(pending.id);
  // An earlier owner of the partition was through with it already.
  if (delivery === undefined) return over;
  if (known.kind === 'deleted') return deliveries.remove(pending.id).then(() => over);
  const { subscription } = known;
  if (gone.has(subscription)) return settle(ports, delivery, subscription, { kind: 'gone' });

  const result = await slots.with(subscription.subscriptionId, () => observedSend(ports, delivery, subscription, signal), signal);
  if (signal.aborted && result.kind === 'failed') return { kind: 'again', attempts: pending.attempts, notBefore: new Date() };
  const verdict = judge(result, { schedule: ports.schedule, attempts: delivery.attempts + 1, now: new Date(), random: Math.random() });
  return settle(ports, delivery, subscription, verdict);
}

async function settle(ports: AttemptPorts, delivery: Delivery, subscription: WebhookSubscription, verdict: Verdict): Promise<Attempted> {
  const { deliveries, gone } = ports;
  const now = new Date();
  count('parley.webhook.attempts', 1, { [attributeNames.outcome]: verdict.kind });
  switch (verdict.kind) {
    case 'delivered':
      await deliveries.remove(delivery.id);
      record('parley.delivery.latency', (now.getTime() - delivery.timeMs) / 1_000, { [attributeNames.transport]: 'webhook' });
      count('parley.delivery.events', 1, { [attributeNames.transport]: 'webhook' });
      return over;
    case 'retry':
      await deliveries.reschedule(delivery.id, delivery.attempts + 1, verdict.at);
      return { kind: 'again', attempts: delivery.attempts + 1, notBefore: verdict.at };
    case 'gone':
      if (!gone.has(subscription)) await gone.add(subscription, now);
      return bury(deliveries, delivery, 'webhook.gone', now);
    case 'dead':
      return bury(deliveries, delivery, verdict.reason, now);
  }
}

async function bury(deliveries: DeliveryRepository, delivery: Delivery, reason: string, now: Date): Promise<Attempted> {
  await deliveries.bury(delivery, reason, now);
  count('parley.webhook.dead_letters');
  log.warn({ eventId: delivery.eventId, subscriptionId: delivery.subscriptionId, reason }, 'a delivery is given up');
  return over;
}

function observedSend(ports: AttemptPorts, delivery: Delivery, subscription: WebhookSubscription, signal: AbortSignal): Promise<AttemptResult> {
  const attributes = {
    [attributeNames.account]: delivery.accountId,
    [attributeNames.callId]: delivery.callId,
    [attributeNames.eventId]: delivery.eventId,
  };
  return withSpan('deliver webhook', attributes, () => sendWebhook(ports.sendPost, delivery, subscription, { now: new Date(), signal }), {
    kind: 'client',
    parent: delivery.traceparent === '' ? undefined : delivery.traceparent,
  });
}
