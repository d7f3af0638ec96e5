import { setTimeout as sleep } from 'node:timers/promises';
import type { Outcome, PartitionLease, PositionStore, StreamedEvent } from '@parley/bus';
import { parleyError } from '@parley/errors';
import { logger } from '@parley/telemetry';
import type { WebhookChange } from '../bus/convert-subscription.ts';
import { toDeliverable } from '../bus/convert.ts';
import type { StreamStates } from '@parley/cursor';
import type { PendingDelivery } from '../domain/delivery.ts';
import type { WebhookSubscription } from '../domain/webhook-subscription.ts';
import { attemptDelivery, type AttemptPorts } from './attempt-delivery.ts';
import { backFill, type BackFillPorts } from './back-fill.ts';
import type { Attempted } from './lane.ts';
import { newDeliveries } from './new-delivery.ts';
import { OwnedPartition, type Ranges } from './owned-partition.ts';
import { PartitionDeliveries } from './partition-deliveries.ts';

const log = logger('webhook');
const retryMs = 1_000;

export interface DispatcherPorts extends AttemptPorts, BackFillPorts {
  readonly positions: PositionStore;
  readonly states: () => Promise<StreamStates>;
}

/**
 * Webhooks: takes the events of the partitions that this replica owns, stores a delivery for each subscription that gets
 * them, and makes the deliveries, apart from the reading. Whoever owns a partition later goes on with what is stored.
 */
export class WebhookDispatcher {
  readonly #ports: DispatcherPorts;
  readonly #owned = new Map<number, OwnedPartition>();
  readonly #inFlight = new Set<Promise<Attempted>>();
  /** Whether the subscriptions are known as they are now: what was paused or deleted meanwhile must not be delivered. */
  #isCurrent = false;
  #isDraining = false;

  constructor(ports: DispatcherPorts) {
    this.#ports = ports;
  }

  /** Deliveries that wait or are being made, in the partitions of this replica. */
  get pending(): number {
    return this.#owned.values().reduce((sum, { deliveries }) => sum + deliveries.size, 0);
  }

  /** Stores an event's deliveries; the pipeline's handler. */
  async take(event: StreamedEvent, { partition }: PartitionLease): Promise<Outcome> {
    const owned = this.#owned.get(partition);
    if (owned === undefined) throw parleyError('bus.lease_lost', 'the partition is not owned');
    owned.begin(event.stream, event.streamSequence);
    const { subscriptions, gone, deliveries } = this.#ports;
    const targets = subscriptions.matching(toDeliverable(event)).filter((subscription) => !gone.has(subscription));
    if (targets.length === 0) return 'applied';
    const taken = newDeliveries(event, partition, targets.map((target) => target.subscriptionId), new Date());
    await deliveries.insert(taken);
    owned.deliveries.add(taken);
    return 'applied';
  }

  /** Goes on with what an earlier owner left. */
  async gained({ partition }: PartitionLease): Promise<void> {
    const { deliveries, backFills, gone } = this.#ports;
    const [pending, backFilled, doneThrough] = await Promise.all([
      deliveries.ofPartition(partition),
      backFills.ofPartition(partition),
      this.#doneThrough(partition),
      gone.refresh(),
    ]);
    const lanes = new PartitionDeliveries({
      isOpen: (delivery) => this.#isOpen(delivery),
      attempt: (delivery, signal) => this.#attempt(delivery, signal),
    });
    const owned = new OwnedPartition(partition, lanes, backFilled, doneThrough);
    this.#owned.set(partition, owned);
    for (const subscription of this.#ports.subscriptions.all()) this.#learn(subscription, owned);
    lanes.add(pending);
  }

  async lost(partition: number): Promise<void> {
    const owned = this.#owned.get(partition);
    this.#owned.delete(partition);
    await owned?.deliveries.stop();
  }

  /** A subscription is new, was changed, or is gone. */
  async changed(change: WebhookChange): Promise<void> {
    if (change.kind === 'put') this.#put(change.subscription);
    if (change.kind === 'deleted') await this.#delete(change.accountId, change.subscriptionId);
  }

  setCurrent(isCurrent: boolean): void {
    this.#isCurrent = isCurrent;
    if (isCurrent) for (const { deliveries } of this.#owned.values()) deliveries.poke();
  }

  /** Begins no further attempt, and waits for those that are under way. */
  async drain(): Promise<void> {
    this.#isDraining = true;
    await Promise.allSettled(this.#inFlight);
  }

  #put(subscription: WebhookSubscription): void {
    this.#ports.subscriptions.put(subscription);
    for (const owned of this.#owned.values()) {
      this.#learn(subscription, owned);
      owned.deliveries.poke(subscription.subscriptionId);
    }
  }

  async #delete(accountId: string, subscriptionId: string): Promise<void> {
    const { subscriptions, deliveries, backFills, gone } = this.#ports;
    subscriptions.delete(accountId, subscriptionId);
    await deliveries.removeSubscription(subscriptionId);
    await backFills.removeSubscription(subscriptionId);
    await gone.remove(subscriptionId);
    for (const owned of this.#owned.values()) owned.deliveries.poke(subscriptionId);
  }

  #isOpen({ accountId, subscriptionId }: Pick<PendingDelivery, 'accountId' | 'subscriptionId'>): boolean {
    if (!this.#isCurrent || this.#isDraining) return false;
    const known = this.#ports.subscriptions.get(accountId, subscriptionId);
    return known.kind === 'deleted' || (known.kind === 'active' && !known.subscription.paused);
  }

  async #attempt(delivery: PendingDelivery, signal: AbortSignal): Promise<Attempted> {
    const attempt = attemptDelivery(this.#ports, delivery, signal);
    this.#inFlight.add(attempt);
    return attempt.finally(() => this.#inFlight.delete(attempt));
  }

  /** Its deliveries are held meanwhile, so that earlier events go first. */
  #learn(subscription: WebhookSubscription, owned: OwnedPartition): void {
    const missed = owned.learn(subscription);
    if (missed === undefined) return;
    const { subscriptionId } = subscription;
    owned.deliveries.hold(subscriptionId);
    void this.#untilBackFilled(subscription, owned, missed).then(() => owned.deliveries.release(subscriptionId));
  }

  async #untilBackFilled(subscription: WebhookSubscription, owned: OwnedPartition, missed: Ranges): Promise<void> {
    const { signal } = owned.deliveries;
    while (!signal.aborted) {
      try {
        return await backFill(this.#ports, subscription, owned, missed);
      } catch (error) {
        log.warn({ err: error, subscriptionId: subscription.subscriptionId }, 'a subscription could not be back-filled; tried again');
        await sleep(retryMs, undefined, { signal }).catch(() => undefined);
      }
    }
  }

  async #doneThrough(partition: number): Promise<ReadonlyMap<string, number>> {
    const [positions, states] = await Promise.all([this.#ports.positions.load(partition), this.#ports.states()]);
    return new Map(
      Object.entries(states).map(([stream, { incarnation }]) => {
        const position = positions[stream];
        return [stream, position?.incarnation === incarnation ? position.sequence : 0];
      }),
    );
  }
}
