import { SubscriptionChanged } from '@parley/contracts';
import type { EventFilter, FilterExpression } from '@parley/filters';
import type { Draft } from '@parley/store';
import { toChange } from '../bus/convert.ts';
import type { AccountSubscriptions, Change } from '../domain/account-subscriptions.ts';
import type { AccountDocument, FilterDocument } from './account-document.ts';

/** Revisions begin with 1: in a message 0 is the same as none. */
const firstRevision = 1;

/** An account that was never written has no subscriptions. */
export function toDomain(accountId: string, document: AccountDocument | undefined): AccountSubscriptions {
  return {
    accountId,
    nextRevision: document?.nextRevision ?? firstRevision,
    subscriptions: document?.subscriptions.map((one) => ({ ...one, filter: toFilter(one.filter) })) ?? [],
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
    subscriptions: subscriptions.map((one) => ({ ...one, filter: toFilterDocument(one.filter) })),
    outbox: [{ accountId, subscriptionId, revision, payload, concernsNats: sink.kind === 'nats' }],
  };
}

function toFilter({ filtersJson = '[]', ...lists }: FilterDocument): EventFilter {
  return { ...lists, filters: JSON.parse(filtersJson) as FilterExpression[] };
}

function toFilterDocument({ filters, ...lists }: EventFilter): FilterDocument {
  return { ...lists, filtersJson: JSON.stringify(filters) };
}
