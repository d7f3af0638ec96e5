import type { Bus } from '@parley/bus';
import type { Account } from '../domain/account.ts';
import { natsClasses } from '../domain/sink.ts';
import { provision, type DownstreamSink } from './downstream-consumers.ts';
import { publishChange, type PublishedChange } from './subscription-changed-publisher.ts';

export interface AnnouncedChange extends PublishedChange {
  readonly accountId: string;
  /** The subscription whose NATS consumers may have to be made or removed. */
  readonly natsSubscriptionId?: string;
}

/**
 * Makes a change known to the event-router and to the broker. Idempotent, and safe when several replicas do it at the
 * same time, one of them late: whoever is last sees the account as it is.
 */
export async function announce(bus: Bus, change: AnnouncedChange, find: (accountId: string) => Promise<Account>): Promise<void> {
  await publishChange(bus, change);
  const { accountId, natsSubscriptionId: subscriptionId } = change;
  if (subscriptionId === undefined) return;
  for (let account = await find(accountId); ; ) {
    await provision(bus, { accountId, subscriptionId }, sinkOf(account, subscriptionId));
    const now = await find(accountId);
    if (now.nextRevision === account.nextRevision) return;
    account = now;
  }
}

function sinkOf({ subscriptions }: Account, subscriptionId: string): DownstreamSink | undefined {
  const found = subscriptions.find((subscription) => subscription.subscriptionId === subscriptionId);
  if (found === undefined) return undefined;
  const { rewind, filter, startsAfter } = found;
  return { rewind, startsAfter, classes: natsClasses(filter) };
}
