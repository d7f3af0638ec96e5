import { requireWebhook, type WebhookOperations } from './webhook-operations.ts';

export interface EndpointHealth {
  readonly state: 'healthy' | 'open' | 'gone';
  /** As this replica saw them. */
  readonly failuresInARow: number;
  /** Stored ones, and those in the memory of this replica. */
  readonly pending: number;
  readonly deadLetters: number;
}

/**
 * How an endpoint is, as far as any replica knows.
 * @throws ParleyError `not_found.subscription`
 */
export async function endpointHealth(ports: WebhookOperations, accountId: string, subscriptionId: string): Promise<EndpointHealth> {
  const subscription = requireWebhook(ports, accountId, subscriptionId);
  const [stored, deadLetters, isOpenSomewhere] = await Promise.all([
    ports.deliveries.countOf(subscriptionId),
    ports.deadLetters.countOf(subscriptionId),
    ports.circuits.isOpen(subscriptionId),
    ports.gone.refresh(),
  ]);
  const circuit = ports.gates.circuitOf(subscriptionId);
  const isOpen = circuit.kind !== 'closed' || isOpenSomewhere;
  return {
    state: ports.gone.has(subscription) ? 'gone' : isOpen ? 'open' : 'healthy',
    failuresInARow: circuit.failures,
    pending: stored + ports.unstoredOf(subscriptionId),
    deadLetters,
  };
}
