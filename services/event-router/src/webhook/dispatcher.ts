import { setTimeout as sleep } from 'node:timers/promises';
import type { Handled, PartitionLease, PositionStore, StreamedEvent } from '@parley/bus';
import { parleyError } from '@parley/errors';
import { logger } from '@parley/telemetry';
import type { WebhookChange } from '../bus/convert-subscription.ts';
import { toDeliverable } from '../bus/convert.ts';
import type { StreamStates } from '@parley/cursor';
import type { PendingDelivery } from '../domain/delivery.ts';
import type { WebhookSubscription } from '../domain/webhook-subscription.ts';
import type { AttemptRepository } from '../store/attempt-repository.ts';
import type { DeadLetterRepository } from '../store/dead-letter-repository.ts';
import type { DeliveryRepository } from '../store/delivery-repository.ts';
import type { GapRepository } from '../store/gap-repository.ts';
import { attemptDelivery, type AttemptPorts } from './attempt-delivery.ts';
import { backFill, type BackFillPorts } from './back-fill.ts';
import type { DeliveryWriter } from './delivery-writer.ts';
import type { Attempted } from './lane.ts';
import { LaneGaps } from './lane-gaps.ts';
import { newDeliveries } from './new-delivery.ts';
import { OwnedPartition, type Ranges } from './owned-partition.ts';
import { PartitionDeliveries } from './partition-deliveries.ts';
import { UnstoredDeliveries, type MemoryBudget } from './unstored-deliveries.ts';

const log = logger('webhook');
const retryMs = 1_000;
/** What a partition's end may cost to hand over what is in memory; else its next owner has it from the stream. */
const handOverMs = 2_000;

export interface DispatcherPorts extends Omit<AttemptPorts, 'deliveries' | 'deadLetters'>, Omit<BackFillPorts, 'deliveries'> {
  readonly deliveries: DeliveryRepository;
  readonly deadLetters: DeadLetterRepository;
  readonly gaps: GapRepository;
  readonly logs: Pick<AttemptRepository, 'removeSubscription'>;
  readonly writer: DeliveryWriter;
  readonly budget: MemoryBudget;
  readonly spillAfterMs: number;
  readonly spillMovingAfterMs: number;
  readonly positions: PositionStore;
  readonly states: () => Promise<StreamStates>;
}

/**
 * Webhooks: takes the events of the partitions that this replica owns, and makes a delivery to each subscription that gets
 * them, apart from the reading. An event is done with once each of its deliveries was made or is stored; whoever owns a
 * partition later goes on with what is stored, and with the events that are not done with.
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

  /** Of a subscription's deliveries those that are in the memory of this replica only. */
  unstoredOf(subscriptionId: string): number {
    return this.#owned.values().reduce((sum, { unstored }) => sum + unstored.countOf(subscriptionId), 0);
  }

  /** Takes an event's deliveries over; the pipeline's handler. */
  async take(event: StreamedEvent, { partition }: PartitionLease): Promise<Handled> {
    const owned = this.#owned.get(partition);
    if (owned === undefined) throw parleyError('bus.lease_lost', 'the partition is not owned');
    owned.begin(event.stream, event.streamSequence);
    const { subscriptions, gone } = this.#ports;
    const targets = subscriptions.matching(toDeliverable(event)).filter((subscription) => !gone.has(subscription));
    if (targets.length === 0) return 'applied';
    const made = newDeliveries(event, partition, targets.map((target) => target.subscriptionId), new Date());
    const { unstored, deliveries } = owned;
    const isStored = (delivery: PendingDelivery) => deliveries.has(delivery) && unstored.get(delivery.id) === undefined;
    const taken = made.filter((delivery) => !owned.isDealtWith(delivery.id) && !isStored(delivery));
    const settled = Promise.all(taken.map((delivery) => unstored.hold(delivery)));
    deliveries.add(taken);
    await unstored.room();
    return { outcome: 'taken', settled: settled.then(() => undefined) };
  }

  /** Goes on with what an earlier owner left. */
  async gained({ partition }: PartitionLease, isOwner: () => boolean): Promise<void> {
    const { deliveries, backFills, gaps, gone, subscriptions, gates, writer, budget, spillAfterMs, spillMovingAfterMs } = this.#ports;
    const doneThrough = await this.#doneThrough(partition);
    const [pending, backFilled, known, dead] = await Promise.all([
      deliveries.ofPartition(partition),
      backFills.ofPartition(partition),
      gaps.ofPartition(partition),
      this.#deadBehind(partition, doneThrough),
      gone.refresh(),
    ]);
    const lanes: PartitionDeliveries = new PartitionDeliveries({
      isOpen: (delivery) => this.#isOpen(delivery),
      attempt: (delivery) => this.#attempt(delivery, owned),
    });
    // Back-fill is soon over, mostly.
    const isMoving = (subscriptionId: string) => gates.isMoving(subscriptionId, spillAfterMs) || lanes.isHeld(subscriptionId);
    const isBehind = ({ stream, streamSequence }: PendingDelivery) => streamSequence > (doneThrough.get(stream) ?? 0);
    const owned: OwnedPartition = new OwnedPartition({
      partition,
      deliveries: lanes,
      unstored: new UnstoredDeliveries({ writer, budget, spillAfterMs, spillMovingAfterMs, isMoving, isOwner, signal: lanes.signal }),
      gaps: new LaneGaps(gaps, known),
      backFilled,
      doneThrough,
      dealtWith: new Set([...pending.filter(isBehind).map(({ id }) => id), ...dead]),
    });
    this.#owned.set(partition, owned);
    for (const subscriptionId of owned.backFilled()) if (subscriptions.isDeleted(subscriptionId)) await this.#clean(owned, subscriptionId);
    for (const subscription of subscriptions.all()) this.#learn(subscription, owned);
    lanes.add(pending);
  }

  /** Cuts off what is being sent; what is in memory is stored, so that it need not be read again. */
  async lost(partition: number): Promise<void> {
    const owned = this.#owned.get(partition);
    if (owned === undefined) return;
    this.#owned.delete(partition);
    await owned.deliveries.stop();
    await owned.unstored.hand(AbortSignal.timeout(handOverMs));
    owned.unstored.clear();
    this.#ports.attempts.forget(partition);
  }

  /**
   * Somebody has stored deliveries that the owner of the partition does not know of.
   * @returns false if that is another replica
   */
  async reload(partition: number): Promise<boolean> {
    const owned = this.#owned.get(partition);
    if (owned === undefined) return false;
    const pending = await this.#ports.deliveries.ofPartition(partition);
    for (const { id } of pending) owned.unstored.foundStored(id);
    owned.deliveries.add(pending);
    return true;
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
    // Whoever changed it may have put it right.
    this.#ports.gates.reset(subscription.subscriptionId);
    for (const owned of this.#owned.values()) {
      this.#learn(subscription, owned);
      owned.deliveries.poke(subscription.subscriptionId);
    }
  }

  async #delete(accountId: string, subscriptionId: string): Promise<void> {
    const { subscriptions, gates, gone } = this.#ports;
    subscriptions.delete(accountId, subscriptionId);
    gates.reset(subscriptionId);
    for (const owned of this.#owned.values()) await this.#clean(owned, subscriptionId);
    await gone.remove(subscriptionId);
  }

  /** Its partition's owner removes what is stored of a deleted subscription; the mark that there is something goes last. */
  async #clean(owned: OwnedPartition, subscriptionId: string): Promise<void> {
    if (!owned.knows(subscriptionId)) return;
    const { deliveries, deadLetters, gaps, logs, backFills } = this.#ports;
    const { partition } = owned;
    await Promise.all([deliveries, deadLetters, gaps, logs].map((store) => store.removeSubscription(partition, subscriptionId)));
    await backFills.remove(partition, subscriptionId);
    owned.forget(subscriptionId);
    owned.deliveries.poke(subscriptionId);
  }

  #isOpen({ accountId, subscriptionId }: Pick<PendingDelivery, 'accountId' | 'subscriptionId'>): boolean {
    if (!this.#isCurrent || this.#isDraining) return false;
    const known = this.#ports.subscriptions.get(accountId, subscriptionId);
    return known.kind === 'deleted' || (known.kind === 'active' && !known.subscription.paused);
  }

  async #attempt(delivery: PendingDelivery, { unstored, gaps, deliveries: { signal } }: OwnedPartition): Promise<Attempted> {
    const attempt = attemptDelivery(this.#ports, { unstored, gaps, signal }, delivery);
    this.#inFlight.add(attempt);
    return attempt.finally(() => this.#inFlight.delete(attempt));
  }

  /** Its deliveries are held meanwhile, so that earlier events go first. */
  #learn(subscription: WebhookSubscription, owned: OwnedPartition): void {
    const missed = owned.learn(subscription);
    if (missed === undefined) return;
    const { subscriptionId } = subscription;
    owned.deliveries.hold(subscriptionId);
    const filled = owned.inTurn(subscriptionId, () => this.#untilBackFilled(subscription, owned, missed));
    void filled.then(() => owned.deliveries.release(subscriptionId));
  }

  async #untilBackFilled(subscription: WebhookSubscription, owned: OwnedPartition, missed: Ranges): Promise<void> {
    const { signal } = owned.deliveries;
    const { subscriptionId } = subscription;
    while (!signal.aborted && !this.#ports.subscriptions.isDeleted(subscriptionId)) {
      try {
        return await backFill(this.#ports, subscription, owned, missed);
      } catch (error) {
        log.warn({ err: error, subscriptionId }, 'a subscription could not be back-filled; tried again');
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

  async #deadBehind(partition: number, doneThrough: ReadonlyMap<string, number>): Promise<string[]> {
    const ids = [...doneThrough].map(([stream, sequence]) => this.#ports.deadLetters.idsBehind(partition, stream, sequence));
    return (await Promise.all(ids)).flat();
  }
}
