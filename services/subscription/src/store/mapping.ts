import { settingsSubject, subscriptionSubject } from '@parley/bus';
import { SubscriptionChanged } from '@parley/contracts';
import type { EventFilter, FilterExpression } from '@parley/filters';
import type { Draft } from '@parley/store';
import { toChange, toSettingsChange } from '../bus/convert.ts';
import type { Account, Change } from '../domain/account.ts';
import { defaultSettings } from '../domain/settings.ts';
import type { Subscription } from '../domain/subscription.ts';
import type { AccountDocument, ChangeMessage, FilterDocument, SubscriptionDocument } from './account-document.ts';

/** Revisions begin with 1: in a message 0 is the same as none. */
const firstRevision = 1;

/** An account that was never written has nothing. */
export function toDomain(accountId: string, document: AccountDocument | undefined): Account {
  return {
    accountId,
    nextRevision: document?.nextRevision ?? firstRevision,
    subscriptions: document?.subscriptions.map(toSubscription) ?? [],
    settings: document?.settings ?? defaultSettings,
  };
}

/** The next state, with what it has to make known. */
export function toDraft(change: Change): Draft<AccountDocument> {
  const { accountId, nextRevision, subscriptions, settings } = change.account;
  return { _id: accountId, nextRevision, subscriptions: subscriptions.map(toDocument), settings, outbox: [toOutbox(change)] };
}

function toOutbox(change: Change): ChangeMessage {
  const { accountId, settings } = change.account;
  if (change.kind === 'settings') {
    const { revision } = change;
    const payload = SubscriptionChanged.encode(toSettingsChange(accountId, settings, revision)).finish();
    return { subject: settingsSubject(accountId), accountId, revision, payload };
  }
  const { subscriptionId, revision, sink } = change.changed;
  const payload = SubscriptionChanged.encode(toChange(accountId, change.changed, change.deleted)).finish();
  return { subject: subscriptionSubject(accountId, subscriptionId), accountId, revision, payload, ...(sink.kind === 'nats' ? { natsSubscriptionId: subscriptionId } : {}) };
}

function toDocument({ filter, created, ...rest }: Subscription): SubscriptionDocument {
  return { ...rest, filter: toFilterDocument(filter), ...(created === undefined ? {} : { created: toDocument(created) }) };
}

function toSubscription({ filter, created, ...rest }: SubscriptionDocument): Subscription {
  return { ...rest, filter: toFilter(filter), ...(created === undefined ? {} : { created: toSubscription(created) }) };
}

function toFilterDocument({ filters, ...lists }: EventFilter): FilterDocument {
  return { ...lists, filters: JSON.stringify(filters) };
}

function toFilter({ filters, ...lists }: FilterDocument): EventFilter {
  return { ...lists, filters: JSON.parse(filters) as FilterExpression[] };
}
