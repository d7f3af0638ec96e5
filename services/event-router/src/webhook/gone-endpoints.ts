import type { WebhookSubscription } from '../domain/webhook-subscription.ts';
import type { GoneEndpointRepository } from '../store/gone-endpoint-repository.ts';

type Identified = Pick<WebhookSubscription, 'subscriptionId' | 'revision'>;

/** What this replica knows of endpoints that want nothing more. One that is changed afterwards gets its chance again. */
export class GoneEndpoints {
  readonly #repository: GoneEndpointRepository;
  readonly #known = new Map<string, bigint>();

  constructor(repository: GoneEndpointRepository) {
    this.#repository = repository;
  }

  /** Learns what other replicas met. */
  async refresh(): Promise<void> {
    // What is being added here may not be among them yet.
    for (const [subscriptionId, revision] of await this.#repository.all()) {
      if (revision > (this.#known.get(subscriptionId) ?? -1n)) this.#known.set(subscriptionId, revision);
    }
  }

  has({ subscriptionId, revision }: Identified): boolean {
    return (this.#known.get(subscriptionId) ?? -1n) >= revision;
  }

  async add({ subscriptionId, revision }: Identified, at: Date): Promise<void> {
    this.#known.set(subscriptionId, revision);
    await this.#repository.add(subscriptionId, revision, at);
  }

  /** Its subscription was deleted. */
  async remove(subscriptionId: string): Promise<void> {
    if (this.#known.delete(subscriptionId)) await this.#repository.remove(subscriptionId);
  }
}
