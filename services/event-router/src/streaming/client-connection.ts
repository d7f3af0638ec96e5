import type { MessageBatch } from './message-batch.ts';

export type Transport = 'grpc' | 'sse' | 'websocket';

/** How messages reach a client. */
export interface ClientConnection {
  readonly transport: Transport;
  /** Hands messages over at once. @returns whether there is room for more */
  send(batch: MessageBatch): boolean;
  /** Resolves when there is room again, or the client has gone. */
  room(): Promise<void>;
  /** Aborted when the client has gone. */
  readonly signal: AbortSignal;
}
