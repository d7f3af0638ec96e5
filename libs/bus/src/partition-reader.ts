import { setTimeout as sleep } from 'node:timers/promises';
import { DeliverPolicy, type JsMsg } from '@nats-io/jetstream';
import type { Bus } from './connection.ts';

export interface ReaderOptions {
  readonly stream: string;
  readonly filter: string;
  /** First stream sequence to read. */
  readonly from: number;
  /** The next message is asked for once this resolved: that is the back-pressure. */
  readonly onMessage: (message: JsMsg) => Promise<void> | void;
  /** How many messages are asked for before they are needed; default 100. */
  readonly ahead?: number;
  readonly onError: (error: unknown) => void;
  readonly signal: AbortSignal;
}

const retryMs = 500;
const defaultAhead = 100;
const heartbeatMs = 5_000;

/**
 * Reads one stream in stream order until aborted, through an ordered consumer, which resets itself when it saw a gap.
 * A reader that the broker fails begins anew behind the last message that it handed out.
 */
export async function readStream(bus: Bus, options: ReaderOptions): Promise<void> {
  let next = options.from;
  while (!options.signal.aborted) {
    try {
      next = await readUntilBreak(bus, options, next);
    } catch (error) {
      if (!options.signal.aborted) options.onError(error);
      await sleep(retryMs, undefined, { signal: options.signal }).catch(() => undefined);
    }
  }
}

/** @returns the first stream sequence that was not handed out. */
async function readUntilBreak(bus: Bus, options: ReaderOptions, from: number): Promise<number> {
  let next = from;
  const consumer = await bus.js.consumers.get(options.stream, {
    filter_subjects: options.filter,
    deliver_policy: DeliverPolicy.StartSequence,
    opt_start_seq: next,
  });
  const messages = await consumer.consume({ max_messages: options.ahead ?? defaultAhead, idle_heartbeat: heartbeatMs });
  const ended = new AbortController();
  options.signal.addEventListener('abort', () => messages.stop(), { signal: ended.signal });
  bus.onReconnect(() => messages.stop(), ended.signal);
  try {
    if (options.signal.aborted) return next;
    for await (const message of messages) {
      if (options.signal.aborted) break;
      // Waiting for nothing would cost a fast reader more than the message.
      const taken = options.onMessage(message);
      if (taken !== undefined) await taken;
      next = message.seq + 1;
    }
  } finally {
    ended.abort();
    messages.stop();
    await consumer.delete().catch(() => undefined);
  }
  return next;
}
