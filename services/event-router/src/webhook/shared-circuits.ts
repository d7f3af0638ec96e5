import { logger } from '@parley/telemetry';
import type { Circuit } from '../domain/circuit.ts';
import type { CircuitRepository } from '../store/circuit-repository.ts';

const log = logger('webhook');

/** Longer than any request may take: a probe that is under way does not make its endpoint look well. */
const graceMs = 90_000;

/** Tells other replicas which circuits are open at this one, as well as it can: nothing is decided by that. */
export class SharedCircuits {
  readonly #repository: CircuitRepository;
  readonly #instance: string;
  #turn: Promise<void> = Promise.resolve();

  constructor(repository: CircuitRepository, instance: string) {
    this.#repository = repository;
    this.#instance = instance;
  }

  changed(subscriptionId: string, circuit: Circuit): void {
    if (circuit.kind === 'open') log.warn({ subscriptionId, failures: circuit.failures }, 'the circuit of an endpoint is open');
    else log.info({ subscriptionId }, 'the circuit of an endpoint is closed');
    this.#turn = this.#turn.then(() => this.#tell(subscriptionId, circuit)).catch((error: unknown) => log.warn({ err: error }, 'a circuit could not be told of'));
  }

  /** Whether any replica found it open lately. */
  isOpen(subscriptionId: string): Promise<boolean> {
    return this.#repository.isOpen(subscriptionId, new Date(Date.now() - graceMs));
  }

  #tell(subscriptionId: string, circuit: Circuit): Promise<void> {
    if (circuit.kind !== 'open') return this.#repository.remove(subscriptionId, this.#instance);
    return this.#repository.put(subscriptionId, this.#instance, new Date(Date.now() + circuit.untilMs - performance.now()));
  }
}
