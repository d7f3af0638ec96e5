import { isParleyError } from '@parley/errors';
import { logger, attributeNames, count, record, withSpan } from '@parley/telemetry';
import { attemptRecord, endpointPauseMs, healthOf, judge, type AttemptResult, type Verdict } from '../domain/attempt.ts';
import type { Delivery, PendingDelivery } from '../domain/delivery.ts';
import type { RetrySchedule } from '../domain/retry-schedule.ts';
import type { SubscriptionIndex, WebhookSubscription } from '../domain/webhook-subscription.ts';
import type { DeadLetterRepository } from '../store/dead-letter-repository.ts';
import type { DeliveryRepository } from '../store/delivery-repository.ts';
import type { AttemptLog } from './attempt-log.ts';
import type { EndpointGates } from './endpoint-gates.ts';
import type { GoneEndpoints } from './gone-endpoints.ts';
import type { Attempted } from './lane.ts';
import type { LaneGaps } from './lane-gaps.ts';
import { sendWebhook, type SendPost } from './send-webhook.ts';
import type { UnstoredDeliveries } from './unstored-deliveries.ts';

const log = logger('webhook');

export interface AttemptPorts {
  readonly deliveries: Pick<DeliveryRepository, 'find'>;
  readonly deadLetters: Pick<DeadLetterRepository, 'add'>;
  readonly subscriptions: SubscriptionIndex;
  readonly gone: GoneEndpoints;
  readonly gates: EndpointGates;
  readonly attempts: AttemptLog;
  readonly sendPost: SendPost;
  readonly schedule: RetrySchedule;
  readonly maxBodyBytes: number;
}

/** What belongs to the partition that a delivery is of. */
export interface PartitionParts {
  readonly unstored: UnstoredDeliveries;
  readonly gaps: LaneGaps;
  /** Aborted when the partition goes: an attempt that is cut off by that counts for nothing. */
  readonly signal: AbortSignal;
}

const over: Attempted = { kind: 'over' };
const faultPauseMs = 1_000;

/**
 * Tries a delivery once. What came of it is stored before it is reported, so that whoever owns the partition next goes
 * on from there; but for a success of what is in memory only, which the stream has again until its event is done with.
 */
export async function attemptDelivery(ports: AttemptPorts, parts: PartitionParts, pending: PendingDelivery): Promise<Attempted> {
  try {
    return await attempt(ports, parts, pending).catch((error: unknown) => {
      // Also what was never sent: its endpoint has not answered for as long as all attempts would have taken.
      if (isParleyError(error, 'webhook.circuit_open')) return bury(ports, parts, pending, error.code);
      throw error;
    });
  } catch (error) {
    // The partition went while it waited for its turn, or a fault of ours, for example of the database: not the
    // receiver's, so it costs no attempt.
    if (!parts.signal.aborted) log.warn({ err: error, eventId: pending.eventId }, 'an attempt could not be finished');
    return { kind: 'again', attempts: pending.attempts, notBefore: new Date(Date.now() + faultPauseMs) };
  }
}

async function attempt(ports: AttemptPorts, parts: PartitionParts, pending: PendingDelivery): Promise<Attempted> {
  const { gates, gone, subscriptions } = ports;
  if (subscriptions.isDeleted(pending.subscriptionId)) return parts.unstored.over(pending.id).then(() => over);
  const known = activeOf(ports, pending);
  if (known !== undefined && gone.has(known)) return bury(ports, parts, pending, 'webhook.gone');
  const sent = await gates.with(
    pending.subscriptionId,
    () => send(ports, parts, pending),
    ({ result }) => (result === undefined ? nothingTold : { health: healthOf(result), pauseMs: endpointPauseMs(result, new Date()) }),
    parts.signal,
    performance.now() - (Date.now() - pending.notBefore.getTime()),
  );
  return 'result' in sent && sent.result !== undefined ? settle(ports, parts, sent) : sent.attempted;
}

const nothingTold = { health: 'unknown', pauseMs: 0 } as const;

interface Sent {
  readonly result: AttemptResult;
  readonly delivery: Delivery;
  readonly subscription: WebhookSubscription;
  readonly timeMs: number;
  readonly latencyMs: number;
}

interface NotSent {
  readonly result?: undefined;
  readonly attempted: Attempted;
}

/** Its turn may have come late: what it is about is looked at now. */
async function send(ports: AttemptPorts, parts: PartitionParts, pending: PendingDelivery): Promise<Sent | NotSent> {
  const { unstored, gaps, signal } = parts;
  const notNow: NotSent = { attempted: { kind: 'again', attempts: pending.attempts, notBefore: new Date() } };
  const subscription = activeOf(ports, pending);
  if (subscription === undefined || subscription.paused || ports.gone.has(subscription)) return notNow;
  const delivery = unstored.get(pending.id) ?? (await ports.deliveries.find(pending.id));
  // An earlier owner of the partition was through with it already.
  if (delivery === undefined) return { attempted: over };
  if (Buffer.byteLength(delivery.body) > ports.maxBodyBytes) return { attempted: await bury(ports, parts, delivery, 'webhook.too_large') };
  const now = new Date();
  const startedMs = performance.now();
  const result = await observed(delivery, () => sendWebhook(ports.sendPost, delivery, subscription, { gap: gaps.of(delivery), now, signal }));
  if (signal.aborted && result.kind === 'failed') return notNow;
  return { result, delivery, subscription, timeMs: now.getTime(), latencyMs: Math.round(performance.now() - startedMs) };
}

async function settle(ports: AttemptPorts, parts: PartitionParts, sent: Sent): Promise<Attempted> {
  const { result, delivery, subscription, timeMs, latencyMs } = sent;
  const number = delivery.attempts + 1;
  const verdict = judge(result, { schedule: ports.schedule, attempts: number, now: new Date(), random: Math.random() });
  count('parley.webhook.attempts', 1, { [attributeNames.outcome]: verdict.kind });
  // First the record, which a repeat of the attempt repeats, and then what must not be repeated.
  await ports.attempts.record(delivery.partition, attemptRecord(delivery, result, verdict, { number, timeMs, latencyMs }), parts.signal);
  return conclude(ports, parts, { ...delivery, attempts: number }, subscription, verdict);
}

async function conclude(ports: AttemptPorts, parts: PartitionParts, delivery: Delivery, subscription: WebhookSubscription, verdict: Verdict): Promise<Attempted> {
  const { unstored, gaps } = parts;
  switch (verdict.kind) {
    case 'delivered':
      // The gap first: were it told of once more, nothing would be lost.
      await Promise.all([unstored.over(delivery.id), gaps.told(delivery)]);
      record('parley.delivery.latency', (Date.now() - delivery.timeMs) / 1_000, { [attributeNames.transport]: 'webhook' });
      count('parley.delivery.events', 1, { [attributeNames.transport]: 'webhook' });
      return over;
    case 'retry':
      await unstored.reschedule(delivery, delivery.attempts, verdict.at);
      return { kind: 'again', attempts: delivery.attempts, notBefore: verdict.at };
    case 'gone':
      if (!ports.gone.has(subscription)) await ports.gone.add(subscription, new Date());
      return bury(ports, parts, delivery, 'webhook.gone');
    case 'dead':
      return bury(ports, parts, delivery, verdict.reason);
  }
}

/** A crash in between repeats it, and loses nothing: the grave first, then what tells of it, and last what is pending. */
async function bury(ports: AttemptPorts, { unstored, gaps }: PartitionParts, pending: PendingDelivery | Delivery, reason: string): Promise<Attempted> {
  const delivery = 'body' in pending ? pending : (unstored.get(pending.id) ?? (await ports.deliveries.find(pending.id)));
  if (delivery === undefined) return over;
  await ports.deadLetters.add({ ...delivery, reason, diedAt: new Date() });
  await gaps.widen(delivery);
  await unstored.over(delivery.id);
  count('parley.webhook.dead_letters');
  log.warn({ eventId: delivery.eventId, subscriptionId: delivery.subscriptionId, reason }, 'a delivery is given up');
  return over;
}

function activeOf({ subscriptions }: AttemptPorts, { accountId, subscriptionId }: PendingDelivery): WebhookSubscription | undefined {
  const known = subscriptions.get(accountId, subscriptionId);
  return known.kind === 'active' ? known.subscription : undefined;
}

function observed(delivery: Delivery, work: () => Promise<AttemptResult>): Promise<AttemptResult> {
  const attributes = {
    [attributeNames.account]: delivery.accountId,
    [attributeNames.callId]: delivery.callId,
    [attributeNames.eventId]: delivery.eventId,
  };
  return withSpan('deliver webhook', attributes, work, {
    kind: 'client',
    parent: delivery.traceparent === '' ? undefined : delivery.traceparent,
  });
}
