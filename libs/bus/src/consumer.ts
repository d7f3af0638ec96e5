import { parleyError } from '@parley/errors';
import { gauge } from '@parley/telemetry';
import type { HandleEvents } from './call-queue.ts';
import type { Bus } from './connection.ts';
import type { EventClass } from './event-types.ts';
import { observedHandle } from './observed.ts';
import { startOwnership, type PartitionLease } from './ownership.ts';
import type { ParkingStore } from './parking.ts';
import { readStream } from './partition-reader.ts';
import { PartitionWork, type PartitionWorkOptions } from './partition-work.ts';
import type { PositionStore } from './positions.ts';
import { eventStreams } from './streams.ts';
import { partitionFilter } from './subjects.ts';

// The one pipeline of every consumer, in this order:
//   own the partition (lease)         two replicas must not work on one call
//   read in stream order (position)   order per call is the stream's order
//   decode                            what cannot be read is parked as it came
//   one call at a time, by source     calls do not wait for each other; of one, what is there goes together
//   handle (applies once by itself)   a repeat, from whatever crash, changes nothing
//   retry, then park                  one bad event stops its own call only
//   store the position                last: a crash before it repeats, never loses. What a handler took over (`taken`) it
//                                     waits for, the call's later events do not

export interface ConsumerOptions {
  /** Also names the positions and the parked calls. */
  readonly service: string;
  /** Unique to this process, also over restarts. */
  readonly instance: string;
  readonly classes: readonly EventClass[];
  /** Bucket of the leases. */
  readonly bucket: string;
  readonly positions: PositionStore;
  readonly parking: ParkingStore;
  /** See `HandleEvents`; `oneByOne` makes it of a function for one event. */
  readonly handle: HandleEvents<[lease: PartitionLease]>;
  /** For work that goes with a partition but is not an event's, or outlives its handling: timers, deliveries. */
  readonly onPartition?: {
    /** @param isOwner whether the lease is known to hold: what was paused past it must not write what its successor owns. */
    readonly gained: (lease: PartitionLease, isOwner: () => boolean) => Promise<void>;
    /** What it settles of the events that were taken counts for the position that is stored last. */
    readonly lost: (partition: number) => Promise<void>;
  };
  readonly onError: (error: unknown) => void;
  readonly onParked?: (callId: string, code: string) => void;
  /** Without a sign of life for this long a replica loses its partitions. Default 5 s. */
  readonly leaseTtlMs?: number;
  /** Default 5. */
  readonly attempts?: number;
  /** How long an event may wait for an earlier one. Default 30 s. */
  readonly gapTimeoutMs?: number;
}

export interface Consumer {
  owned(): readonly number[];
  /**
   * Asks the owner of a parked call to apply its events again, whichever replica that is, and waits for the result.
   * @returns how many events were parked.
   * @throws ParleyError `not_found.parked_call`, or `bus.handler_failed` when it failed again.
   */
  redrive(callId: string, timeoutMs?: number): Promise<number>;
  /** Finishes what is in flight, stores positions and gives up the leases. */
  stop(): Promise<void>;
}

interface OwnedPartition {
  readonly work: PartitionWork;
  readonly readers: Promise<void>[];
}

const housekeepingMs = 250;
/** How often positions are stored; a crash has the events of as long handled again. */
const saveMs = 1_000;
const firstRetryMs = 100;
const maxOpenEvents = 256;

/** Works on the events of this replica's share of the partitions. */
export async function startConsumer(bus: Bus, options: ConsumerOptions): Promise<Consumer> {
  const incarnations = new Map<string, string>();
  for (const eventClass of options.classes) {
    const stream = eventStreams[eventClass];
    incarnations.set(stream, (await bus.jsm.streams.info(stream)).created);
  }
  const owned = new Map<number, OwnedPartition>();

  const gained = async (lease: PartitionLease) => {
    const isOwner = () => ownership.isCurrent();
    const work = await PartitionWork.open(workOptions(options, lease, isOwner), incarnations);
    await options.onPartition?.gained(lease, isOwner);
    owned.set(lease.partition, { work, readers: startReaders(bus, options, work, lease.partition) });
  };
  const lost = async (partition: number) => {
    const entry = owned.get(partition);
    if (entry === undefined) return;
    owned.delete(partition);
    await entry.work.stop().catch(options.onError);
    await Promise.all(entry.readers);
    await options.onPartition?.lost(partition);
    await entry.work.save().catch(options.onError);
  };
  const ownership = await startOwnership(bus, {
    bucket: options.bucket,
    instance: options.instance,
    ...(options.leaseTtlMs === undefined ? {} : { ttlMs: options.leaseTtlMs }),
    gained,
    lost,
    onError: options.onError,
  });
  const housekeeping = startHousekeeping(owned, options);
  const stopGauge = gauge('parley.bus.partitions', () => owned.size);
  return {
    owned: () => ownership.owned(),
    redrive: (callId, timeoutMs = 30_000) => redrive(options.parking, callId, timeoutMs),
    stop: async () => {
      stopGauge();
      await housekeeping.stop();
      await ownership.stop();
    },
  };
}

function workOptions(options: ConsumerOptions, lease: PartitionLease, isOwner: () => boolean): PartitionWorkOptions {
  return {
    lease,
    isOwner,
    parking: options.parking,
    positions: options.positions,
    handle: observedHandle(options.service, options.handle),
    attempts: options.attempts ?? 5,
    gapTimeoutMs: options.gapTimeoutMs ?? 30_000,
    firstRetryMs,
    maxOpenEvents,
    onError: options.onError,
    onParked: options.onParked ?? (() => undefined),
  };
}

function startReaders(bus: Bus, options: ConsumerOptions, work: PartitionWork, partition: number): Promise<void>[] {
  return options.classes.map((eventClass) =>
    readStream(bus, {
      stream: eventStreams[eventClass],
      filter: partitionFilter(eventClass, partition),
      from: work.nextSequence(eventStreams[eventClass]),
      onMessage: (message) => work.accept(message),
      onError: options.onError,
      signal: work.signal,
    }),
  );
}

interface Housekeeping {
  stop(): Promise<void>;
}

/** Stores positions and looks for redrives, one round after the other. */
function startHousekeeping(owned: ReadonlyMap<number, OwnedPartition>, options: ConsumerOptions): Housekeeping {
  let stopped = false;
  let timer: NodeJS.Timeout | undefined;
  let savedMs = performance.now();
  const round = async () => {
    const isTimeToSave = performance.now() - savedMs >= saveMs;
    if (isTimeToSave) savedMs = performance.now();
    for (const { work } of owned.values()) {
      if (isTimeToSave) await work.save().catch(options.onError);
      await work.redriveRequested().catch(options.onError);
    }
    if (!stopped) timer = setTimeout(run, housekeepingMs);
  };
  let current = Promise.resolve();
  const run = () => {
    current = round();
  };
  run();
  return {
    stop: async () => {
      stopped = true;
      clearTimeout(timer);
      await current;
    },
  };
}

const pollMs = 100;

async function redrive(parking: ParkingStore, callId: string, timeoutMs: number): Promise<number> {
  const { length } = await parking.messages(callId);
  if (!(await parking.requestRedrive(callId))) throw parleyError('not_found.parked_call', 'no such parked call');
  const deadline = performance.now() + timeoutMs;
  while (performance.now() < deadline) {
    const call = await parking.find(callId);
    if (call === undefined) return length;
    if (call.redrive === 'failed') throw parleyError('bus.handler_failed', `the call failed again: ${call.code}`);
    await new Promise((resolve) => setTimeout(resolve, pollMs));
  }
  throw parleyError('request.deadline_exceeded', 'the redrive has not ended yet');
}

