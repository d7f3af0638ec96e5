import { setTimeout as sleep } from 'node:timers/promises';
import type { StoredMessage } from '@parley/bus';
import { isParleyError, parleyError, type ErrorCode } from '@parley/errors';
import { attributeNames, currentTraceparent, logger, withSpan } from '@parley/telemetry';
import type { CallCommand, PlaceCall } from '../domain/call/call-command.ts';
import { isPublished, type PublishedEvent } from '../domain/call/call-event.ts';
import { absentCall, type CallState, type ExistingCall } from '../domain/call/call-state.ts';
import { nextDeadlineMs } from '../domain/call/deadlines.ts';
import { decide, type Decision } from '../domain/call/decide.ts';
import type { Effect } from '../domain/call/effect.ts';
import { effectsOfAll, pendingEffects } from '../domain/call/effects.ts';
import type { Ids } from '../domain/call/turn.ts';
import type { CallDocument, CallDraft, CallRepository } from '../store/call-repository.ts';

const log = logger('call');

export interface LiveCallPorts {
  readonly instance: string;
  readonly repository: Pick<CallRepository, 'insert' | 'replace' | 'load'>;
  readonly ids: Ids;
  readonly now: () => number;
  readonly encode: (event: PublishedEvent, call: ExistingCall, traceparent: string) => StoredMessage;
  /** Starts an effect, and does not wait for it. */
  readonly runEffect: (effect: Effect, call: LiveCall) => void;
  /** Nothing more is to be done; or, `lost`, another router does it. */
  readonly onClosed: (call: LiveCall, lost: boolean) => void;
}

export interface Outcome {
  readonly state: ExistingCall;
  /** Why the command was not carried out. */
  readonly refusal?: ErrorCode;
}

/**
 * A call that this router holds. Commands are carried out one after the other, each of them: decide, store state and
 * events in one conditional write, publish the events, start the effects.
 */
export class LiveCall {
  readonly #ports: LiveCallPorts;
  readonly #traceparent: string;
  readonly #closed = new AbortController();
  #state: ExistingCall;
  #rev: number;
  #tail: Promise<unknown> = Promise.resolve();
  #timer: NodeJS.Timeout | undefined;

  private constructor(ports: LiveCallPorts, { state, rev, traceparent }: Pick<CallDocument, 'state' | 'rev' | 'traceparent'>) {
    this.#ports = ports;
    this.#state = state;
    this.#rev = rev;
    this.#traceparent = traceparent;
  }

  /**
   * Starts a call with its first events. `existing`: there is one with this id, which was left as it is.
   * `onStarted` is called before the first effect.
   */
  static async place(ports: LiveCallPorts, command: PlaceCall, onStarted: (call: LiveCall) => void): Promise<{ call: LiveCall } | { existing: CallDocument }> {
    const decision = decide(command, absentCall, ports.now(), ports.ids);
    const traceparent = currentTraceparent() ?? '';
    const { outcome, doc } = await ports.repository.insert(draftOf(ports, decision, traceparent));
    if (outcome === 'existing') return { existing: doc };
    const call = new LiveCall(ports, doc);
    onStarted(call);
    call.#begin(effectsOfAll(absentCall, decision.events));
    await call.#closeIfDone();
    return { call };
  }

  /**
   * Takes over what a dead router left: a live call ends, at `atMs`; an ended one's callbacks go out.
   * @returns undefined if another router was faster
   */
  static async adopt(ports: LiveCallPorts, doc: CallDocument, atMs: number, onStarted: (call: LiveCall) => void): Promise<LiveCall | undefined> {
    const decision = decide({ kind: 'router_lost' }, doc.state, atMs, ports.ids);
    const written = await ports.repository.replace(draftOf(ports, decision, doc.traceparent), doc.rev);
    if (written === 'conflict') return undefined;
    const state = decision.state as ExistingCall;
    const call = new LiveCall(ports, { state, rev: doc.rev + 1, traceparent: doc.traceparent });
    onStarted(call);
    // What was under way at the dead router is not any more: the first callback in line goes out again.
    const told = effectsOfAll(doc.state, decision.events).filter(({ kind }) => kind !== 'post_status_callback');
    call.#begin([...told, ...pendingEffects(state)]);
    await call.#closeIfDone();
    return call;
  }

  get callId(): string {
    return this.#state.callId;
  }

  get state(): ExistingCall {
    return this.#state;
  }

  /** Aborted once the call is closed: effects end with it. */
  get signal(): AbortSignal {
    return this.#closed.signal;
  }

  /**
   * Has a command carried out, after those before it.
   * @param atMs when it happened
   * @throws ParleyError call.owner_unavailable: this router has lost the call
   */
  submit(command: CallCommand, atMs = this.#ports.now()): Promise<Outcome> {
    const attributes = { [attributeNames.callId]: this.callId, [attributeNames.command]: command.kind };
    const done = this.#tail.then(() =>
      withSpan(`call ${command.kind}`, attributes, () => this.#carryOut(command, atMs), { parent: this.#traceparent || undefined }),
    );
    this.#tail = done.catch(() => undefined);
    return done;
  }

  async #carryOut(command: CallCommand, atMs: number): Promise<Outcome> {
    if (this.#closed.signal.aborted) return this.#afterClosing(command);
    const before = this.#state;
    const decision = decide(command, before, atMs, this.#ports.ids);
    const { refusal, events } = decision;
    if (events.length > 0) {
      await this.#store(draftOf(this.#ports, decision, this.#traceparent));
      this.#state = decision.state as ExistingCall;
      this.#begin(effectsOfAll(before, events));
      await this.#closeIfDone();
    } else {
      this.#armTimer();
    }
    return { state: this.#state, ...(refusal === undefined ? {} : { refusal }) };
  }

  #afterClosing(command: CallCommand): Outcome {
    if (this.#state.kind === 'live') throw lostCall();
    const { refusal } = decide(command, this.#state, this.#ports.now(), this.#ports.ids);
    return { state: this.#state, ...(refusal === undefined ? {} : { refusal }) };
  }

  #begin(effects: readonly Effect[]): void {
    this.#armTimer();
    for (const effect of effects) this.#ports.runEffect(effect, this);
  }

  #armTimer(): void {
    clearTimeout(this.#timer);
    const dueMs = nextDeadlineMs(this.#state);
    if (dueMs === undefined || this.#closed.signal.aborted) return;
    const waitMs = Math.min(Math.max(0, dueMs - this.#ports.now()), longestTimerMs);
    this.#timer = setTimeout(() => void this.submit({ kind: 'time_passed' }).catch(() => undefined), waitMs);
  }

  /** Writes until it is known what became of it: a call cannot go on from a state that may or may not be stored. */
  async #store(draft: CallDraft): Promise<void> {
    for (let retryMs = firstRetryMs; ; retryMs = Math.min(retryMs * 2, lastRetryMs)) {
      const outcome = await this.#tryStore(draft);
      if (outcome === 'written') {
        this.#rev += 1;
        return;
      }
      if (outcome === 'lost') {
        this.#close(true);
        throw lostCall();
      }
      await sleep(retryMs, undefined, { signal: this.#closed.signal }).catch(() => undefined);
      if (this.#closed.signal.aborted) throw lostCall();
    }
  }

  async #tryStore(draft: CallDraft): Promise<'written' | 'lost' | 'failed'> {
    const { repository, instance } = this.#ports;
    try {
      if ((await repository.replace(draft, this.#rev)) === 'written') return 'written';
      // An earlier try may have been ours, with its answer lost: nobody but the owner writes the next revision.
      const now = await repository.load(this.callId);
      return now?.owner === instance && now.rev === this.#rev + 1 ? 'written' : 'lost';
    } catch (error) {
      // Not published, as this router shuts down. Whoever takes over does it, from the outbox: no further write may
      // come from here, as it would overwrite that.
      if (isParleyError(error, 'bus.unavailable')) return 'lost';
      log.warn({ err: error, callId: this.callId }, 'the state of a call could not be stored; it is tried again');
      return 'failed';
    }
  }

  /** Once all is out, the document says so, and no successor looks at it again. */
  async #closeIfDone(): Promise<void> {
    if (this.#state.kind !== 'ended' || this.#state.callbacks.length > 0) return;
    await this.#store({ ...this.#document(), open: false, outbox: [] });
    this.#close(false);
  }

  #document(): Omit<CallDraft, 'open' | 'outbox'> {
    const { accountId, callId } = this.#state;
    return { _id: callId, accountId, owner: this.#ports.instance, traceparent: this.#traceparent, state: this.#state };
  }

  /** Stops serving the call, which another router has or will have. */
  abandon(): void {
    this.#close(true);
  }

  #close(lost: boolean): void {
    if (this.#closed.signal.aborted) return;
    this.#closed.abort();
    clearTimeout(this.#timer);
    this.#ports.onClosed(this, lost);
  }
}

const firstRetryMs = 50;
const lastRetryMs = 2_000;
/** setTimeout takes no more. */
const longestTimerMs = 2 ** 31 - 1;

function lostCall(): Error {
  return parleyError('call.owner_unavailable', 'this router does not hold the call any more');
}

function draftOf({ instance, encode }: LiveCallPorts, { events, state }: Decision, traceparent: string): CallDraft {
  const call = state as Exclude<CallState, { kind: 'absent' }>;
  // The spans of the command, where there is one, are what the events follow from.
  const outbox = events.filter(isPublished).map((event) => encode(event, call, currentTraceparent() ?? traceparent));
  return { _id: call.callId, accountId: call.accountId, owner: instance, open: true, traceparent, state: call, outbox };
}
