import type { Content, Encode, Notice, SubscriberMessage } from '../streaming/message-batch.ts';

/** Messages of a `text/event-stream` (HTML Living Standard, 9.2). */
export const encodeSse: Encode<Buffer> = (messages) => Buffer.from(messages.map(formatSse).join(''));

/**
 * A heartbeat is an event of a type of its own: a browser shows it only to who listens for `heartbeat`, and its id moves the
 * last event id on. With an id and no data, which the standard allows, parsers other than a browser's lose the id.
 */
export function formatSse({ cursor, event, notice }: Pick<SubscriberMessage, 'cursor'> & Content): string {
  // No field may hold a line break: a type has none, and in JSON they are escaped.
  if (event !== undefined) return `id: ${cursor}\nevent: ${event.type}\ndata: ${event.json}\n\n`;
  if (notice !== undefined) return `id: ${cursor}\nevent: stream.${notice.kind}\ndata: ${JSON.stringify(noticeData(notice))}\n\n`;
  return `id: ${cursor}\nevent: heartbeat\ndata: {}\n\n`;
}

/** What a notice says besides its kind. */
export function noticeData(notice: Notice): { readonly eventClass?: string } {
  return notice.kind === 'draining' ? {} : { eventClass: notice.eventClass };
}

/** How long a client waits before it connects again. */
export function formatRetry(retryMs: number): string {
  return `retry: ${retryMs}\n\n`;
}
