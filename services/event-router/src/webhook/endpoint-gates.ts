import { closedCircuit, type Circuit } from '../domain/circuit.ts';
import { EndpointGate, type GateSettings, type Passed } from './endpoint-gate.ts';

/** The gates of all endpoints that this replica sends to, by subscription. */
export class EndpointGates {
  readonly #settings: GateSettings;
  readonly #onChange: (subscriptionId: string, circuit: Circuit) => void;
  readonly #gates = new Map<string, EndpointGate>();

  constructor(settings: GateSettings, onChange: (subscriptionId: string, circuit: Circuit) => void = () => undefined) {
    this.#settings = settings;
    this.#onChange = onChange;
  }

  /** Runs the work when the endpoint's turn has come, as EndpointGate.with. */
  async with<Result>(subscriptionId: string, work: () => Promise<Result>, toPassed: (result: Result) => Passed, signal: AbortSignal, dueMs?: number): Promise<Result> {
    const gate = this.#gateOf(subscriptionId);
    try {
      return await gate.with(work, toPassed, signal, dueMs);
    } finally {
      if (gate.isIdle && this.#gates.get(subscriptionId) === gate) this.#gates.delete(subscriptionId);
    }
  }

  circuitOf(subscriptionId: string): Circuit {
    return this.#gates.get(subscriptionId)?.circuit ?? closedCircuit;
  }

  /** Whether it has answered well within a time: what waits for it moves on. */
  isMoving(subscriptionId: string, withinMs: number): boolean {
    return performance.now() - (this.#gates.get(subscriptionId)?.wellAtMs ?? -Infinity) < withinMs;
  }

  reset(subscriptionId: string): void {
    this.#gates.get(subscriptionId)?.reset();
  }

  /** How many circuits are in each state that is not closed. */
  counts(): Readonly<Record<'open' | 'probing', number>> {
    const counts = { open: 0, probing: 0 };
    for (const { circuit } of this.#gates.values()) if (circuit.kind !== 'closed') counts[circuit.kind] += 1;
    return counts;
  }

  #gateOf(subscriptionId: string): EndpointGate {
    const existing = this.#gates.get(subscriptionId);
    if (existing !== undefined) return existing;
    const gate = new EndpointGate(this.#settings, (circuit) => this.#onChange(subscriptionId, circuit));
    this.#gates.set(subscriptionId, gate);
    return gate;
  }
}
