import { SubscriptionChanged } from '@parley/contracts';
import type { Draft } from '@parley/store';
import { toChange } from '../bus/convert.ts';
import type { AccountSubscriptions, Change } from '../domain/account-subscriptions.ts';
import type { AccountDocument } from './account-document.ts';

/** Revisions begin with 1: in a message 0 is the same as none. */
const firstRevision = 1;

/** An account that was never written has no subscriptions. */
export function toDomain(accountId: string, document: AccountDocument | undefined): AccountSubscriptions {
  return {
    accountId,
    nextRevision: document?.nextRevision ?? firstRevision,
    subscriptions: document?.subscriptions ?? [],
  };
}

/** The next state, with what it has to make known. */
export function toDraft({ account, changed, deleted }: Change): Draft<AccountDocument> {
  const { accountId, nextRevision, subscriptions } = account;
  const { subscriptionId, revision, sink } = changed;
  const payload = SubscriptionChanged.encode(toChange(accountId, changed, deleted)).finish();
  return {
    _id: accountId,
    nextRevision,
    subscriptions,
    outbox: [{ accountId, subscriptionId, revision, payload, concernsNats: sink.kind === 'nats' }],
  };
}
