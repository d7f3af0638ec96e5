import type { Bus } from '@parley/bus';
import { logger } from '@parley/telemetry';
import type { Account } from '../domain/account.ts';
import { natsClasses } from '../domain/sink.ts';
import { isRefusal } from './broker-errors.ts';
import { provision, type DownstreamSink } from './downstream-consumers.ts';
import { publishChange, type PublishedChange } from './subscription-changed-publisher.ts';

const log = logger('announce');

export interface AnnouncedChange extends PublishedChange {
  readonly accountId: string;
  /** Whether the account's NATS consumers may have to be made or removed. */
  readonly concernsNats: boolean;
}

/**
 * Makes a change known to the event-router and to the broker. Idempotent, and safe when several replicas do it at the
 * same time, one of them late: whoever is last sees the account as it is.
 */
export async function announce(bus: Bus, change: AnnouncedChange, find: (accountId: string) => Promise<Account>): Promise<void> {
  await publishChange(bus, change);
  if (!change.concernsNats) return;
  for (let account = await find(change.accountId); ; ) {
    await provisionIfAllowed(bus, account);
    const now = await find(change.accountId);
    if (now.nextRevision === account.nextRevision) return;
    account = now;
  }
}

/** An account that lost its access to the broker must not lose the use of its other subscriptions with it. */
async function provisionIfAllowed(bus: Bus, account: Account): Promise<void> {
  try {
    await provision(bus, account.accountId, sinkOf(account));
  } catch (error) {
    if (!isRefusal(error)) throw error;
    log.error({ err: error, accountId: account.accountId }, 'the broker does not let this account have consumers');
  }
}

function sinkOf({ subscriptions }: Account): DownstreamSink | undefined {
  const found = subscriptions.find(({ sink }) => sink.kind === 'nats');
  if (found === undefined) return undefined;
  const { subscriptionId, rewind, filter, startsAfter } = found;
  return { subscriptionId, rewind, startsAfter, classes: natsClasses(filter) };
}
