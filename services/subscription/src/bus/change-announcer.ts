import type { Bus } from '@parley/bus';
import type { AccountSubscriptions } from '../domain/account-subscriptions.ts';
import { natsClasses } from '../domain/sink.ts';
import { provision, type DownstreamSink } from './downstream-consumers.ts';
import { publishChange, type PublishedChange } from './subscription-changed-publisher.ts';

export interface AnnouncedChange extends PublishedChange {
  /** Whether the subscription's NATS consumers may have to be made or removed. */
  readonly concernsNats: boolean;
}

/**
 * Makes a change known to the event-router and to the broker. Idempotent, and safe when several replicas do it at the
 * same time, one of them late: whoever is last sees the account as it is.
 */
export async function announce(bus: Bus, change: AnnouncedChange, find: (accountId: string) => Promise<AccountSubscriptions>): Promise<void> {
  await publishChange(bus, change);
  if (!change.concernsNats) return;
  for (let account = await find(change.accountId); ; ) {
    await provision(bus, change, sinkOf(account, change.subscriptionId));
    const now = await find(change.accountId);
    if (now.nextRevision === account.nextRevision) return;
    account = now;
  }
}

function sinkOf({ subscriptions }: AccountSubscriptions, subscriptionId: string): DownstreamSink | undefined {
  const found = subscriptions.find((subscription) => subscription.subscriptionId === subscriptionId);
  return found === undefined ? undefined : { startsAfter: found.startsAfter, classes: natsClasses(found.filter) };
}
