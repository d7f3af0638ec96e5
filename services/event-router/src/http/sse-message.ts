/** One message of a `text/event-stream` (HTML Living Standard, 9.2). No field may hold a line break. */
export interface SseMessage {
  /** Where the client goes on: the browser keeps it and sends it as Last-Event-ID when it reconnects. */
  readonly cursor: string;
  /** Type and JSON of an event; without it the message is a heartbeat. */
  readonly event?: { readonly type: string; readonly json: string } | undefined;
}

/**
 * A heartbeat has an id and no data: by the standard it is not dispatched, but it moves the last event id on. The
 * comment is what proxies see.
 */
export function formatSse({ cursor, event }: SseMessage): string {
  if (event === undefined) return `: heartbeat\nid: ${cursor}\n\n`;
  return `id: ${cursor}\nevent: ${event.type}\ndata: ${event.json}\n\n`;
}

/** How long a client waits before it connects again. */
export function formatRetry(retryMs: number): string {
  return `retry: ${retryMs}\n\n`;
}
