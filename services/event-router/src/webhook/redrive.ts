import { parleyError } from '@parley/errors';
import { deliveryId, type DeadLetter } from '../domain/delivery.ts';
import { requireWebhook, type WebhookOperations } from './webhook-operations.ts';

type Ports = Pick<WebhookOperations, 'subscriptions' | 'deliveries' | 'deadLetters' | 'reloads'>;

/**
 * Delivers a dead letter again, as if it were new. To ask once more while it is pending changes nothing.
 * @throws ParleyError `not_found.subscription`, `not_found.dead_letter`
 */
export async function redriveOne(ports: Ports, accountId: string, subscriptionId: string, eventId: string): Promise<void> {
  requireWebhook(ports, accountId, subscriptionId);
  const id = deliveryId(subscriptionId, eventId);
  const letter = await ports.deadLetters.find(accountId, id);
  if (letter !== undefined) return redrive(ports, [letter]);
  const pending = await ports.deliveries.find(id);
  if (pending === undefined || pending.accountId !== accountId) throw parleyError('not_found.dead_letter', 'no such dead letter');
  // Asked for already; whether its owner was told is not known.
  await ports.reloads.request(pending.partition);
}

const pageSize = 200;

/**
 * Delivers again what of an endpoint died at a time or later ("recover since").
 * @returns how many
 * @throws ParleyError `not_found.subscription`
 */
export async function redriveSince(ports: Ports, accountId: string, subscriptionId: string, since: Date | undefined): Promise<number> {
  requireWebhook(ports, accountId, subscriptionId);
  const startedAt = new Date();
  for (let redriven = 0; ; ) {
    const listed = await ports.deadLetters.list({ accountId, subscriptionId, since, limit: pageSize });
    // What dies again meanwhile has to be asked for anew.
    const page = await Promise.all(listed.filter(({ diedAt }) => diedAt < startedAt).map(({ id }) => ports.deadLetters.find(accountId, id)));
    const letters = page.filter((letter) => letter !== undefined);
    if (letters.length === 0) return redriven;
    await redrive(ports, letters);
    redriven += letters.length;
  }
}

/** First it is pending, then no longer dead: a crash in between has it delivered, and perhaps once more. */
async function redrive({ deliveries, deadLetters, reloads }: Ports, letters: readonly DeadLetter[]): Promise<void> {
  const notBefore = new Date();
  await deliveries.write(letters.map(({ reason: _reason, diedAt: _diedAt, ...delivery }) => ({ kind: 'put', delivery: { ...delivery, attempts: 0, notBefore } })));
  await Promise.all(letters.map(({ id }) => deadLetters.remove(id)));
  await Promise.all([...new Set(letters.map(({ partition }) => partition))].map((partition) => reloads.request(partition)));
}
