import { setTimeout as sleep } from 'node:timers/promises';
import type { MsgHdrs } from '@nats-io/nats-core';
import { parleyError } from '@parley/errors';
import { logger } from '@parley/telemetry';
import type { Bus } from './connection.ts';
import { encodeEvent, bytesOf, messageIdHeader, toNatsHeaders, type StoredMessage } from './envelope.ts';
import type { BusEvent } from './event.ts';
import { observedPublish } from './observed.ts';

export interface Publisher {
  /**
   * Publishes and waits until the stream has stored it. A failure is tried again until it is stored or the publisher is
   * closed; a repeat is harmless, since consumers know an event by its source and sequence.
   * @throws ParleyError `bus.unavailable` once closed; `bus.malformed_event` for what can never be published.
   */
  publish(message: BusEvent | StoredMessage): Promise<void>;
  /** Lets publishes that still fail give up. */
  close(): void;
}

const log = logger('publisher');

const firstRetryMs = 50;
const lastRetryMs = 2_000;

export function createPublisher(bus: Bus): Publisher {
  const closed = new AbortController();
  return {
    publish: (message) => {
      const stored = 'payload' in message ? message : encodeEvent(message);
      return observedPublish(stored, () => untilStored(stored));
    },
    close: () => closed.abort(),
  };

  async function untilStored(stored: StoredMessage): Promise<void> {
    const headers = headersToPublish(stored);
    for (let retryMs = firstRetryMs; ; retryMs = Math.min(retryMs * 2, lastRetryMs)) {
      if (closed.signal.aborted) throw parleyError('bus.unavailable', 'the publisher is closed');
      const failure = await publishOnce(bus, stored, headers);
      if (failure === undefined) return;
      if (bus.nc.isClosed()) throw parleyError('bus.unavailable', 'the connection to the broker is closed', { cause: failure });
      await sleep(retryMs, undefined, { signal: closed.signal }).catch(() => undefined);
    }
  }
}

/** Outside of the retries: what the client refuses it would refuse for ever. */
function headersToPublish({ headers }: StoredMessage): MsgHdrs {
  try {
    return toNatsHeaders(headers);
  } catch (cause) {
    throw parleyError('bus.malformed_event', 'a header of the message cannot be sent', { cause });
  }
}

async function publishOnce(bus: Bus, { subject, headers, payload }: StoredMessage, natsHeaders: MsgHdrs): Promise<unknown> {
  try {
    const messageId = headers[messageIdHeader];
    await bus.js.publish(subject, bytesOf(payload), {
      headers: natsHeaders,
      ...(messageId === undefined ? {} : { msgID: messageId }),
    });
    return undefined;
  } catch (error) {
    log.warn({ err: error, subject }, 'a publish failed; it is tried again');
    return error ?? new Error('publish failed');
  }
}
