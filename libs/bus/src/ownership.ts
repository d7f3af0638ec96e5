import { Kvm, type KV, type KvEntry } from '@nats-io/kv';
import type { Bus } from './connection.ts';
import { claimLease, leaseKey, parseLease, releaseLease, type Lease } from './leases.ts';
import { createMembers, memberKey, renewMembership } from './members.ts';
import { allPartitions, desiredOwner } from './partitions.ts';

export interface OwnershipOptions {
  readonly bucket: string;
  /** Unique to this process, also over restarts; a NATS subject token. */
  readonly instance: string;
  /** A replica that gave no sign of life for this long loses its partitions. Default 5 s. */
  readonly ttlMs?: number;
  /** Called once a partition is this replica's. It must not begin work before this. */
  readonly gained: (lease: PartitionLease) => Promise<void>;
  /** Called when a partition should go, before it is given up, or once it was lost: finish what is in flight. */
  readonly lost: (partition: number) => Promise<void>;
  readonly onError: (error: unknown) => void;
}

export interface PartitionLease {
  readonly partition: number;
  readonly epoch: number;
}

export interface Ownership {
  owned(): readonly number[];
  /** Whether this replica renewed its membership so lately that no peer can take it for dead. */
  isCurrent(): boolean;
  /** Gives everything up and leaves the group. */
  stop(): Promise<void>;
}

const defaultTtlMs = 5_000;

/** Shares the partitions of a service out over its live replicas, and moves them as replicas come and go. */
export async function startOwnership(bus: Bus, options: OwnershipOptions): Promise<Ownership> {
  const kv = await new Kvm(bus.nc).open(options.bucket);
  const session = new OwnershipSession(kv, options);
  await session.start();
  const stopping = new AbortController();
  // It would take its heartbeats to notice that nothing comes any more.
  bus.onReconnect(() => session.watchAnew(), stopping.signal);
  return {
    owned: () => session.owned(),
    isCurrent: () => session.isCurrent(),
    stop: async () => {
      stopping.abort();
      await session.stop();
    },
  };
}

class OwnershipSession {
  readonly #kv: KV;
  readonly #options: OwnershipOptions;
  readonly #ttlMs: number;
  readonly #members;
  readonly #leases = new Map<number, Lease>();
  readonly #held = new Map<number, Lease>();
  #renewedAtMs = 0;
  #stopped = false;
  #timer: NodeJS.Timeout | undefined;
  #turn: Promise<void> = Promise.resolve();
  #watch: { stop(): void } | undefined;

  constructor(kv: KV, options: OwnershipOptions) {
    this.#kv = kv;
    this.#options = options;
    this.#ttlMs = options.ttlMs ?? defaultTtlMs;
    this.#members = createMembers(options.instance, this.#ttlMs);
  }

  owned(): readonly number[] {
    return [...this.#held.keys()];
  }

  isCurrent(): boolean {
    return performance.now() - this.#renewedAtMs < this.#ttlMs;
  }

  async start(): Promise<void> {
    // What is there already must be known before anything is claimed.
    await this.#beginWatch();
    await this.#renew();
    this.#timer = setInterval(() => this.#takeTurn(), this.#ttlMs / 5);
    this.#takeTurn();
  }

  /** After a break: what has changed meanwhile is learned, and the group is watched again. */
  watchAnew(): void {
    this.#turn = this.#turn.then(() => (this.#stopped ? undefined : this.#beginWatch())).catch(this.#options.onError);
  }

  async stop(): Promise<void> {
    this.#stopped = true;
    clearInterval(this.#timer);
    this.#watch?.stop();
    await this.#turn;
    for (const lease of this.#held.values()) await this.#giveUp(lease);
    await this.#kv.purge(memberKey(this.#options.instance)).catch(this.#options.onError);
  }

  async #beginWatch(): Promise<void> {
    this.#watch?.stop();
    for await (const entry of await this.#kv.history()) this.#observe(entry);
    const watch = await this.#kv.watch();
    this.#watch = watch;
    void this.#follow(watch);
  }

  async #follow(watch: AsyncIterable<KvEntry>): Promise<void> {
    for await (const entry of watch) this.#observe(entry);
  }

  #observe(entry: KvEntry): void {
    const deleted = entry.operation !== 'PUT';
    if (this.#members.observe(entry.key, entry.revision, deleted, performance.now())) return;
    const lease = parseLease(entry.key, entry.value, entry.revision);
    const known = lease && this.#leases.get(lease.partition);
    if (lease !== undefined && (known === undefined || known.revision < lease.revision)) this.#leases.set(lease.partition, lease);
  }

  #takeTurn(): void {
    this.#turn = this.#turn.then(() => this.#balance()).catch(this.#options.onError);
  }

  async #renew(): Promise<void> {
    await renewMembership(this.#kv, this.#options.instance);
    this.#renewedAtMs = performance.now();
  }

  async #balance(): Promise<void> {
    if (this.#stopped) return;
    // Paused past its time to live, a replica must take itself for dead: its peers did.
    if (!this.isCurrent()) await this.#dropAll();
    await this.#renew();
    await this.#forgetDead();
    const alive = this.#members.alive(performance.now());
    const mine = new Set(allPartitions.filter((partition) => desiredOwner(partition, alive) === this.#options.instance));
    for (const lease of this.#held.values()) {
      if (this.#isTakenAway(lease)) await this.#drop(lease.partition);
      else if (!mine.has(lease.partition)) await this.#giveUp(lease);
    }
    for (const partition of mine) {
      if (this.#held.has(partition) || !this.#isFree(partition, alive)) continue;
      // Taking many partitions over takes a while; a replica that is busy with it must not pass for dead.
      if (performance.now() - this.#renewedAtMs > this.#ttlMs / 5) await this.#renew();
      await this.#claim(partition);
    }
  }

  #isTakenAway(lease: Lease): boolean {
    return (this.#leases.get(lease.partition)?.revision ?? 0) > lease.revision;
  }

  #isFree(partition: number, alive: readonly string[]): boolean {
    const lease = this.#leases.get(partition);
    // One's own that is not held: a claim whose answer was lost.
    const abandoned = lease !== undefined && (lease.holder === '' || lease.holder === this.#options.instance);
    return lease === undefined || abandoned || !alive.includes(lease.holder);
  }

  async #claim(partition: number): Promise<void> {
    const lease = await claimLease(this.#kv, partition, this.#leases.get(partition), this.#options.instance);
    if (lease === undefined) return this.#learn(partition);
    this.#leases.set(partition, lease);
    this.#held.set(partition, lease);
    try {
      await this.#options.gained({ partition, epoch: lease.epoch });
    } catch (error) {
      await this.#giveUp(lease);
      throw error;
    }
  }

  /** Somebody else was quicker, of which the watch should have told. */
  async #learn(partition: number): Promise<void> {
    const entry = await this.#kv.get(leaseKey(partition));
    if (entry !== null) this.#observe(entry);
  }

  async #giveUp(lease: Lease): Promise<void> {
    await this.#drop(lease.partition);
    await releaseLease(this.#kv, lease).catch(this.#options.onError);
  }

  async #drop(partition: number): Promise<void> {
    this.#held.delete(partition);
    await this.#options.lost(partition);
  }

  async #dropAll(): Promise<void> {
    for (const partition of this.owned()) await this.#drop(partition);
  }

  async #forgetDead(): Promise<void> {
    for (const instance of this.#members.dead(performance.now())) await this.#kv.purge(memberKey(instance));
  }
}
