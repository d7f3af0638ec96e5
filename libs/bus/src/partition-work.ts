import type { JsMsg } from '@nats-io/jetstream';
import { parleyError } from '@parley/errors';
import { CallQueue, type HandleEvents, type QueuedEvent } from './call-queue.ts';
import { decodeEvent, decodeStored, headersOf } from './envelope.ts';
import type { StreamedEvent } from './event.ts';
import { describeFailure, isTransient, untilDone } from './failure.ts';
import type { PartitionLease } from './ownership.ts';
import type { ParkedMessage, ParkingStore } from './parking.ts';
import { PositionTracker } from './position-tracker.ts';
import type { Positions, PositionStore } from './positions.ts';

export interface PartitionWorkOptions {
  readonly lease: PartitionLease;
  /** Whether the lease is known to hold. A replica that was paused must not park what its successor has applied. */
  readonly isOwner: () => boolean;
  readonly parking: ParkingStore;
  readonly positions: PositionStore;
  readonly handle: HandleEvents<[lease: PartitionLease]>;
  readonly attempts: number;
  readonly gapTimeoutMs: number;
  readonly firstRetryMs: number;
  /** Calls are worked on side by side; beyond this many open events a stream is not read on. */
  readonly maxOpenEvents: number;
  readonly onError: (error: unknown) => void;
  readonly onParked: (callId: string, code: string) => void;
}

/** One owned partition: its calls' queues, the calls that are parked, and how far each stream is done. */
export class PartitionWork {
  readonly #options: PartitionWorkOptions;
  readonly #stopping = new AbortController();
  readonly #queues = new Map<string, CallQueue>();
  readonly #parked: Set<string>;
  readonly #redriving = new Set<string>();
  #parkingTurn: Promise<unknown> = Promise.resolve();
  readonly #trackers = new Map<string, PositionTracker>();
  readonly #incarnations: ReadonlyMap<string, string>;
  /** Readers that wait for room: one for each stream. */
  readonly #awaitingRoom = new Set<() => void>();
  #saved = '';

  private constructor(options: PartitionWorkOptions, incarnations: ReadonlyMap<string, string>, parked: readonly string[]) {
    this.#options = options;
    this.#incarnations = incarnations;
    this.#parked = new Set(parked);
  }

  /** @param incarnations creation time of each stream that is read. */
  static async open(options: PartitionWorkOptions, incarnations: ReadonlyMap<string, string>): Promise<PartitionWork> {
    const { partition } = options.lease;
    const [positions, parked] = await Promise.all([options.positions.load(partition), options.parking.ofPartition(partition)]);
    const work = new PartitionWork(options, incarnations, parked.map((call) => call.callId));
    for (const [stream, incarnation] of incarnations) {
      const known = positions[stream];
      work.#trackers.set(stream, new PositionTracker(known?.incarnation === incarnation ? known.sequence : 0));
    }
    return work;
  }

  get signal(): AbortSignal {
    return this.#stopping.signal;
  }

  /** Stream sequence to read from. */
  nextSequence(stream: string): number {
    return this.#trackers.get(stream)!.doneThrough + 1;
  }

  /** Takes a message in; resolves when there is room for the next. */
  async accept(message: JsMsg): Promise<void> {
    const tracker = this.#trackers.get(message.info.stream)!;
    // A reader that began anew may bring again what is under way.
    if (message.seq <= tracker.begunThrough) return;
    tracker.begin(message.seq);
    const done = () => this.#finish(tracker, message.seq);
    const event = decoded(message);
    if ('failure' in event) await this.#parkMalformed(message, event.failure, done);
    else await this.#enqueue({ event, message: () => parkedMessage(message), done });
    while (tracker.openCount >= this.#options.maxOpenEvents && !this.signal.aborted) {
      await new Promise<void>((resolve) => this.#awaitingRoom.add(resolve));
    }
  }

  /** Stores how far the streams are done, if that has moved. */
  async save(): Promise<void> {
    const positions: Positions = Object.fromEntries(
      [...this.#trackers].map(([stream, tracker]) => [
        stream,
        { incarnation: this.#incarnations.get(stream)!, sequence: tracker.doneThrough },
      ]),
    );
    const text = JSON.stringify(positions);
    if (text === this.#saved) return;
    await this.#options.positions.save(this.#options.lease, positions);
    this.#saved = text;
  }

  /** Puts the events of parked calls whose redrive was asked for back into work. */
  async redriveRequested(): Promise<void> {
    if (this.#parked.size === 0) return;
    const calls = await this.#options.parking.ofPartition(this.#options.lease.partition);
    for (const { callId, redrive } of calls) {
      if (redrive === 'requested' && !this.#redriving.has(callId)) await this.#redrive(callId);
    }
  }

  /** Ends work on the partition; what is not done will be read again by its next owner. */
  async stop(): Promise<void> {
    this.#stopping.abort();
    this.#makeRoom();
    await Promise.all([...this.#queues.values()].map((queue) => queue.idle()));
    await this.#parkingTurn;
    await this.save();
  }

  async #enqueue(queued: QueuedEvent): Promise<void> {
    const { callId } = queued.event;
    if (!this.#parked.has(callId)) return this.#queueOf(callId).add(queued);
    await this.#inParkingTurn(async () => {
      // A redrive may have come before it.
      if (this.#parked.has(callId)) await this.#keep(callId, { code: '', reason: '' }, [queued]);
      else this.#queueOf(callId).add(queued);
    });
  }

  /**
   * Keeping events and taking them back into work exclude each other: an event that is kept while parked events are being
   * read, or removed, would be overtaken or lost.
   */
  #inParkingTurn(work: () => Promise<void>): Promise<void> {
    const turn = this.#parkingTurn.then(work);
    this.#parkingTurn = turn.catch(() => undefined);
    return turn;
  }

  #queueOf(callId: string): CallQueue {
    const existing = this.#queues.get(callId);
    if (existing !== undefined) return existing;
    const queue = new CallQueue({
      ...this.#options,
      handle: (events) => this.#options.handle(events, this.#options.lease),
      isTransient,
      signal: this.signal,
      park: (failure, queued) => this.#park(callId, failure, queued),
      onEmpty: () => {
        if (this.#queues.get(callId) === queue) this.#queues.delete(callId);
      },
    });
    this.#queues.set(callId, queue);
    return queue;
  }

  #finish(tracker: PositionTracker, sequence: number): void {
    tracker.finish(sequence);
    this.#makeRoom();
  }

  #makeRoom(): void {
    for (const resume of this.#awaitingRoom) resume();
    this.#awaitingRoom.clear();
  }

  async #park(callId: string, failure: unknown, queued: readonly QueuedEvent[]): Promise<void> {
    const described = describeFailure(failure);
    this.#parked.add(callId);
    this.#queues.delete(callId);
    await this.#inParkingTurn(() => this.#keep(callId, described, queued));
    this.#options.onParked(callId, described.code);
    await this.#redriveFailed(callId, failure);
  }

  async #keep(callId: string, why: { code: string; reason: string }, queued: readonly QueuedEvent[]): Promise<void> {
    const { partition } = this.#options.lease;
    for (const { message, done } of queued) {
      const kept = await this.#untilDone(() => this.#parkAsOwner({ callId, partition, ...why }, message()));
      if (kept) done('parked');
    }
  }

  async #parkAsOwner(call: Parameters<ParkingStore['park']>[0], message: ParkedMessage): Promise<void> {
    if (!this.#options.isOwner()) throw parleyError('bus.lease_lost', 'the lease is not known to hold');
    await this.#options.parking.park(call, message);
  }

  /** What cannot be read is kept as it came, under a call of its own if it names none. */
  async #parkMalformed(message: JsMsg, error: unknown, done: () => void): Promise<void> {
    const parked = parkedMessage(message);
    const callId = parked.headers['ce-subject'] ?? `unknown-${parked.stream}-${message.seq}`;
    const call = { callId, partition: this.#options.lease.partition, ...describeFailure(error) };
    this.#parked.add(callId);
    await this.#inParkingTurn(async () => {
      if (await this.#untilDone(() => this.#parkAsOwner(call, parked))) done();
    });
    this.#options.onParked(callId, call.code);
  }

  /** The call's new events line up behind those that were parked; what is parked goes once all of it is applied. */
  async #redrive(callId: string): Promise<void> {
    this.#redriving.add(callId);
    await this.#inParkingTurn(async () => {
      try {
        const parked = await this.#options.parking.messages(callId);
        const queued = this.#redriven(callId, parked);
        this.#parked.delete(callId);
        for (const one of queued) this.#queueOf(callId).add(one);
        if (queued.length === 0) await this.#release(callId, parked);
      } catch (error) {
        await this.#redriveFailed(callId, error);
      }
    });
  }

  async #redriveFailed(callId: string, failure: unknown): Promise<void> {
    if (!this.#redriving.delete(callId)) return;
    const { code, reason } = describeFailure(failure);
    await this.#ignoreErrors(this.#options.parking.redriveFailed(callId, code, reason));
  }

  #redriven(callId: string, parked: readonly ParkedMessage[]): QueuedEvent[] {
    let open = parked.length;
    const done: QueuedEvent['done'] = (how) => {
      if (how === 'handled') open -= 1;
      if (open === 0) void this.#inParkingTurn(() => this.#release(callId, parked));
    };
    return parked.map((message) => ({ event: toEvent(message), message: () => message, done }));
  }

  /** Removes what was applied, and no event that a failure in the meantime has parked. */
  async #release(callId: string, applied: readonly ParkedMessage[]): Promise<void> {
    this.#redriving.delete(callId);
    const { parking } = this.#options;
    // The call first: messages that a crash leaves behind are applied already, a call without messages would stay parked.
    if (!this.#parked.has(callId)) await this.#ignoreErrors(parking.forget(callId));
    await this.#ignoreErrors(parking.remove(callId, applied));
  }

  async #ignoreErrors(work: Promise<void>): Promise<void> {
    await work.catch(this.#options.onError);
  }

  async #untilDone(work: () => Promise<void>): Promise<boolean> {
    const finished = () => work().then(() => true);
    return (await untilDone(finished, { signal: this.signal, onError: this.#options.onError })) ?? false;
  }
}

function decoded(message: JsMsg): StreamedEvent | { readonly failure: unknown } {
  try {
    return decodeEvent(message);
  } catch (failure) {
    return { failure };
  }
}

function parkedMessage(message: JsMsg): ParkedMessage {
  const { subject, seq, data, info } = message;
  return { stream: info.stream, streamSequence: seq, subject, headers: headersOf(message.headers), payload: data };
}

function toEvent(message: ParkedMessage): StreamedEvent {
  return { ...decodeStored(message), stream: message.stream, streamSequence: message.streamSequence };
}
