import { parleyError } from '@parley/errors';
import { closedCircuit, nextRequestMs, onRequest, onRequestEnd, type Circuit, type CircuitSettings, type Health } from '../domain/circuit.ts';

export interface GateSettings {
  /** Requests at a time. */
  readonly concurrency: number;
  readonly circuit: CircuitSettings;
  /** What has been due for so long at an endpoint that has not answered for so long is given up. */
  readonly patienceMs: number;
}

/** What a request's end means for the endpoint. */
export interface Passed {
  readonly health: Health;
  /** For how long the endpoint asked to be left alone; 0: not at all. */
  readonly pauseMs: number;
}

interface Waiter {
  readonly dueMs: number;
  readonly admit: (isProbe: boolean) => void;
  readonly refuse: (reason: unknown) => void;
}

/**
 * Through it go all requests to one endpoint, first come first served: so many at a time, so that a slow one holds up nobody
 * else and is not overrun; none while its circuit is open or it asked to be left alone. Times are on the monotonic clock.
 */
export class EndpointGate {
  readonly #settings: GateSettings;
  readonly #onChange: (circuit: Circuit) => void;
  #circuit: Circuit = closedCircuit;
  #pausedUntilMs = 0;
  #wellAtMs = -Infinity;
  /** Since when it has failed and not answered. */
  #illSinceMs: number | undefined;
  #taken = 0;
  readonly #waiting = new Set<Waiter>();
  #timer: NodeJS.Timeout | undefined;

  /** @param onChange the circuit was opened, opened again, or closed. */
  constructor(settings: GateSettings, onChange: (circuit: Circuit) => void = () => undefined) {
    this.#settings = settings;
    this.#onChange = onChange;
  }

  get circuit(): Circuit {
    return this.#circuit;
  }

  /** When it was last answered well; on the monotonic clock. */
  get wellAtMs(): number {
    return this.#wellAtMs;
  }

  /** Nothing would be lost with it. */
  get isIdle(): boolean {
    const isFresh = this.#circuit.kind === 'closed' && this.#circuit.failures === 0 && this.#pausedUntilMs <= performance.now();
    return isFresh && this.#taken === 0 && this.#waiting.size === 0;
  }

  /**
   * Runs the work once it may.
   * @param signal gives up the wait; begun work is told by its owner.
   * @param dueMs when it should have been done at the soonest
   * @throws the signal's reason, if it is aborted before; ParleyError `webhook.circuit_open` when the endpoint is given up
   */
  async with<Result>(work: () => Promise<Result>, toPassed: (result: Result) => Passed, signal: AbortSignal, dueMs = performance.now()): Promise<Result> {
    const isProbe = await this.#enter(signal, dueMs);
    let passed: Passed = { health: 'unknown', pauseMs: 0 };
    try {
      const result = await work();
      passed = toPassed(result);
      return result;
    } finally {
      this.#leave(passed, isProbe);
    }
  }

  /** Whatever it did so far is forgotten: its owner has changed it. */
  reset(): void {
    this.#pausedUntilMs = 0;
    this.#illSinceMs = undefined;
    this.#become(closedCircuit);
    this.#admit();
  }

  #enter(signal: AbortSignal, dueMs: number): Promise<boolean> {
    signal.throwIfAborted();
    const { promise, resolve, reject } = Promise.withResolvers<boolean>();
    const giveUp = (): void => waiter.refuse(signal.reason);
    const leaves = (): void => {
      this.#waiting.delete(waiter);
      signal.removeEventListener('abort', giveUp);
    };
    const waiter: Waiter = {
      dueMs,
      admit: (isProbe) => {
        leaves();
        resolve(isProbe);
      },
      refuse: (reason) => {
        leaves();
        reject(reason);
      },
    };
    signal.addEventListener('abort', giveUp, { once: true });
    this.#waiting.add(waiter);
    this.#admit();
    return promise;
  }

  #admit(): void {
    for (const waiter of this.#waiting) {
      if (this.#taken >= this.#settings.concurrency) return;
      const nowMs = performance.now();
      const fromMs = Math.max(nextRequestMs(this.#circuit, nowMs), this.#pausedUntilMs);
      if (fromMs > nowMs) {
        this.#refuseOverdue(nowMs);
        return this.#admitAt(fromMs);
      }
      const isProbe = this.#circuit.kind === 'open';
      this.#circuit = onRequest(this.#circuit);
      this.#taken += 1;
      waiter.admit(isProbe);
    }
  }

  /** Else a dead endpoint would have a probe's share of attempts for all that waits, and that would never end. */
  #refuseOverdue(nowMs: number): void {
    const illSinceMs = this.#circuit.kind === 'closed' ? undefined : this.#illSinceMs;
    if (illSinceMs === undefined) return;
    for (const waiter of this.#waiting) {
      if (nowMs - Math.max(waiter.dueMs, illSinceMs) >= this.#settings.patienceMs) waiter.refuse(parleyError('webhook.circuit_open', 'the endpoint has not answered for too long'));
    }
  }

  #admitAt(atMs: number): void {
    clearTimeout(this.#timer);
    // Infinity: a probe is under way, and its end lets others in.
    if (atMs !== Infinity) this.#timer = setTimeout(() => this.#admit(), Math.ceil(atMs - performance.now())).unref();
  }

  #leave({ health, pauseMs }: Passed, wasProbe: boolean): void {
    this.#taken -= 1;
    const nowMs = performance.now();
    if (health === 'well') [this.#wellAtMs, this.#illSinceMs] = [nowMs, undefined];
    if (health === 'ill') this.#illSinceMs ??= nowMs;
    if (pauseMs > 0) this.#pausedUntilMs = Math.max(this.#pausedUntilMs, nowMs + pauseMs);
    this.#become(onRequestEnd(this.#circuit, this.#settings.circuit, { health, wasProbe, nowMs, random: Math.random() }));
    this.#admit();
  }

  #become(circuit: Circuit): void {
    const before = this.#circuit;
    this.#circuit = circuit;
    const isChanged = circuit.kind !== before.kind || (circuit.kind === 'open' && before.kind === 'open' && circuit.openings !== before.openings);
    if (isChanged) this.#onChange(circuit);
  }
}
