import { setTimeout as sleep } from 'node:timers/promises';
import { DeliverPolicy, type JsMsg } from '@nats-io/jetstream';
import type { Bus } from './connection.ts';

export interface ReaderOptions {
  readonly stream: string;
  readonly filter: string;
  /** First stream sequence to read. */
  readonly from: number;
  /** The next message is asked for once this resolved: that is the back-pressure. */
  readonly onMessage: (message: JsMsg) => Promise<void>;
  readonly onError: (error: unknown) => void;
  readonly signal: AbortSignal;
}

const retryMs = 500;
const fetchedAhead = 100;

/**
 * Reads one stream in stream order until aborted, through an ordered consumer, which resets itself when it saw a gap.
 * A reader that the broker fails begins anew behind the last message that it handed out.
 */
export async function readStream(bus: Bus, options: ReaderOptions): Promise<void> {
  let next = options.from;
  while (!options.signal.aborted) {
    try {
      const consumer = await bus.js.consumers.get(options.stream, {
        filter_subjects: options.filter,
        deliver_policy: DeliverPolicy.StartSequence,
        opt_start_seq: next,
      });
      const messages = await consumer.consume({ max_messages: fetchedAhead });
      const stop = () => messages.stop();
      options.signal.addEventListener('abort', stop, { once: true });
      try {
        for await (const message of messages) {
          if (options.signal.aborted) return;
          await options.onMessage(message);
          next = message.seq + 1;
        }
      } finally {
        options.signal.removeEventListener('abort', stop);
        messages.stop();
        await consumer.delete().catch(() => undefined);
      }
    } catch (error) {
      if (!options.signal.aborted) options.onError(error);
    }
    await sleep(retryMs, undefined, { signal: options.signal }).catch(() => undefined);
  }
}
