import type { EventClass } from './event-types.ts';

// Every subject of Parley is spelled here and nowhere else. They are few and coarse: JetStream slows down with very
// many subjects, so call id and event type are headers.

/** Calls are spread over this many partitions; a change of it needs a new set of streams. */
export const partitionCount = 32;

/** Stable over processes, versions and languages: FNV-1a, 32 bit, of the call id's UTF-8 bytes. */
export function partitionOf(callId: string): number {
  let hash = 0x811c9dc5;
  for (const byte of Buffer.from(callId, 'utf8')) {
    hash = Math.imul(hash ^ byte, 0x01000193) >>> 0;
  }
  return hash % partitionCount;
}

export function partitionToken(partition: number): string {
  return String(partition).padStart(2, '0');
}

export function eventSubject(eventClass: EventClass, accountId: string, callId: string): string {
  return partitionAccountFilter(eventClass, partitionOf(callId), accountId);
}

/** All of one class that fall into a partition and belong to an account. */
export function partitionAccountFilter(eventClass: EventClass, partition: number, accountId: string): string {
  return `evt.${eventClass}.${partitionToken(partition)}.${accountId}`;
}

/** All of one class that fall into a partition, whatever the account. */
export function partitionFilter(eventClass: EventClass, partition: number): string {
  return `evt.${eventClass}.${partitionToken(partition)}.*`;
}

/** All of one class, whatever the account. */
export function classFilter(eventClass: EventClass): string {
  return `evt.${eventClass}.*.*`;
}

/** All of one class that belong to an account. */
export function accountFilter(eventClass: EventClass, accountId: string): string {
  return `evt.${eventClass}.*.${accountId}`;
}

/** @returns undefined for a subject that is no event's. */
export function parseEventSubject(subject: string): { eventClass: EventClass; partition: number; accountId: string } | undefined {
  const match = /^evt\.(call|reaction|billing)\.(\d\d)\.([a-z0-9-]{1,32})$/.exec(subject);
  if (match === null) return undefined;
  return { eventClass: match[1] as EventClass, partition: Number(match[2]), accountId: match[3]! };
}

export function subscriptionSubject(accountId: string, subscriptionId: string): string {
  return `sub.${accountId}.${subscriptionId}`;
}

/** What holds for all of an account's subscribers. No subscription is called so: their ids begin with `sub-`. */
export function settingsSubject(accountId: string): string {
  return `sub.${accountId}.settings`;
}

/** The subscriptions and settings of all accounts. */
export const subscriptionsFilter = 'sub.*.*';

export function ledgerSubject(accountId: string): string {
  return `ledger.${accountId}`;
}

/** The money commands of all accounts. */
export const ledgerFilter = 'ledger.*';

/** What recognition took in for the sides of a call. */
export function findingsSubject(accountId: string, callId: string): string {
  return `findings.${partitionToken(partitionOf(callId))}.${accountId}`;
}

/** The same, whatever the account. */
export function findingsFilter(callId: string): string {
  return findingsSubject('*', callId);
}

/** Where a call-router replica takes commands from its peers. */
export function routerCommandSubject(instance: string): string {
  return `cmd.router.${instance}`;
}

/**
 * Name of the durable consumer that a downstream service reads each event stream with. Only its account knows the
 * subscription's id, which is random: so that no other downstream service can name the consumer.
 */
export function downstreamConsumerName(accountId: string, subscriptionId: string): string {
  return `downstream-${accountId}-${subscriptionId}`;
}

/** The JetStream domain under which downstream services see the event streams. */
export const downstreamDomain = 'parley';

/** What the inboxes of a user begin with: it may listen to no others. */
export function inboxPrefix(user: string): string {
  return `_INBOX_${user}`;
}
