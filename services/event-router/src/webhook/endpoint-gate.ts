import { closedCircuit, nextRequestMs, onRequest, onRequestEnd, type Circuit, type CircuitSettings, type Health } from '../domain/circuit.ts';

export interface GateSettings {
  /** Requests at a time. */
  readonly concurrency: number;
  readonly circuit: CircuitSettings;
}

/** What a request's end means for the endpoint. */
export interface Passed {
  readonly health: Health;
  /** For how long the endpoint asked to be left alone; 0: not at all. */
  readonly pauseMs: number;
}

interface Waiter {
  readonly admit: (isProbe: boolean) => void;
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
   * @param signal gives up the wait, which may take as long as the endpoint is dead; begun work is told by its owner.
   * @throws the signal's reason, if it is aborted before
   */
  async with<Result>(work: () => Promise<Result>, toPassed: (result: Result) => Passed, signal: AbortSignal): Promise<Result> {
    const isProbe = await this.#enter(signal);
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
    this.#become(closedCircuit);
    this.#admit();
  }

  #enter(signal: AbortSignal): Promise<boolean> {
    signal.throwIfAborted();
    const { promise, resolve, reject } = Promise.withResolvers<boolean>();
    const giveUp = (): void => {
      this.#waiting.delete(waiter);
      reject(signal.reason);
    };
    const waiter: Waiter = {
      admit: (isProbe) => {
        signal.removeEventListener('abort', giveUp);
        resolve(isProbe);
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
      if (fromMs > nowMs) return this.#admitAt(fromMs);
      const isProbe = this.#circuit.kind === 'open';
      this.#circuit = onRequest(this.#circuit);
      this.#waiting.delete(waiter);
      this.#taken += 1;
      waiter.admit(isProbe);
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
    if (health === 'well') this.#wellAtMs = nowMs;
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
