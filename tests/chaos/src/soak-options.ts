import type { Transport } from './subscriber-log.ts';

/** How much of everything a soak has. */
export interface SoakOptions {
  readonly seed: number;
  readonly calls: number;
  readonly accounts: number;
  /** How long the calls take, all together, and how long at most, where the machine does not keep up. */
  readonly durationMs: number;
  readonly playLimitMs: number;
  /** Within which everything that is left then has to come. */
  readonly drainMs: number;
  /** All of it, the start of the processes included. */
  readonly limitMs: number;
  /** Of the event-router. */
  readonly replicas: number;
  /** Of a client, before it goes again. */
  readonly longestStayMs: number;
  readonly subscribers: Readonly<Record<Transport, number>>;
  readonly kills: number;
  readonly pauses: number;
}

/** `make soak`: about 80,000 events, ten minutes at most. */
export const fullSoak: Omit<SoakOptions, 'seed'> = {
  calls: 10_000,
  accounts: 8,
  durationMs: 430_000,
  playLimitMs: 530_000,
  drainMs: 50_000,
  limitMs: 590_000,
  replicas: 3,
  longestStayMs: 30_000,
  subscribers: { grpc: 52, sse: 50, websocket: 50, webhook: 40, nats: 8 },
  kills: 14,
  pauses: 8,
};

/** In `make test`: about a minute. */
export const shortSoak: Omit<SoakOptions, 'seed'> = {
  calls: 250,
  accounts: 3,
  durationMs: 22_000,
  playLimitMs: 80_000,
  drainMs: 36_000,
  limitMs: 170_000,
  replicas: 3,
  longestStayMs: 4_000,
  subscribers: { grpc: 10, sse: 10, websocket: 10, webhook: 9, nats: 3 },
  kills: 2,
  pauses: 1,
};
