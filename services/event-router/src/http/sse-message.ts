/** One message of a `text/event-stream` (HTML Living Standard, 9.2). No field may hold a line break. */
export interface SseMessage {
  /** Where the client goes on: the browser keeps it and sends it as Last-Event-ID when it reconnects. */
  readonly cursor: string;
  /** Type and JSON of an event; without it the message is a heartbeat. */
  readonly event?: { readonly type: string; readonly json: string } | undefined;
}

/**
 * A heartbeat is an event of a type of its own: a browser shows it only to who listens for `heartbeat`, and its id moves the
 * last event id on. With an id and no data, which the standard allows, parsers other than a browser's lose the id.
 */
export function formatSse({ cursor, event }: SseMessage): string {
  const { type, json } = event ?? { type: 'heartbeat', json: '{}' };
  return `id: ${cursor}\nevent: ${type}\ndata: ${json}\n\n`;
}

/** How long a client waits before it connects again. */
export function formatRetry(retryMs: number): string {
  return `retry: ${retryMs}\n\n`;
}
