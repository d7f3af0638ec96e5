import { setTimeout as sleep } from 'node:timers/promises';
import { readStream, subscriptionsFilter, subscriptionsStream, type Bus } from '@parley/bus';
import { SubscriptionChanged } from '@parley/contracts';
import { logger } from '@parley/telemetry';
import type { AccountSettings } from '../usecases/account-directory.ts';
import { fromMessage, type SubscriptionChange, type WebhookChange } from './convert-subscription.ts';
import { nextMessage } from './next-message.ts';

const log = logger('subscription-feed');

export interface SubscriptionFeedOptions {
  readonly onChange: (change: WebhookChange) => Promise<void>;
  readonly onSettings: (accountId: string, settings: AccountSettings) => void;
  /** Whether all that the stream holds is known. It turns to no when the broker is lost, and back once caught up. */
  readonly onCurrent: (isCurrent: boolean) => void;
}

export interface SubscriptionFeed {
  /** Resolves when all that was there is known. */
  readonly ready: Promise<void>;
  stop(): Promise<void>;
}

const pollMs = 50;

/**
 * Learns the subscriptions from their stream, which keeps the last state of each: from its beginning, then as they
 * change. The subscription service need not be there.
 */
export function startSubscriptionFeed(bus: Bus, { onChange, onSettings, onCurrent }: SubscriptionFeedOptions): SubscriptionFeed {
  const stopping = new AbortController();
  const { signal } = stopping;
  let known = 0;
  const reading = readStream(bus, {
    stream: subscriptionsStream,
    filter: subscriptionsFilter,
    from: 1,
    onMessage: async (message) => {
      const change = readChange(message.data);
      if (change?.kind === 'settings') onSettings(change.accountId, change.settings);
      else if (change !== undefined) await onChange(change);
      known = message.seq;
    },
    onError: (error) => log.warn({ err: error }, 'the subscriptions cannot be read; begun again'),
    signal,
  });
  const catchUp = async () => {
    await untilCurrent(bus, () => known, signal);
    if (!signal.aborted) onCurrent(true);
  };
  const ready = catchUp();
  const watching = watchConnection(bus, signal, () => onCurrent(false), catchUp);
  return {
    ready,
    stop: async () => {
      stopping.abort();
      await Promise.all([reading, ready, watching]);
    },
  };
}

// One message that cannot be read must not keep all that follow from being learned.
function readChange(payload: Uint8Array): SubscriptionChange | undefined {
  try {
    return fromMessage(SubscriptionChanged.decode(payload));
  } catch (error) {
    log.error({ err: error }, 'a subscription cannot be read');
    return undefined;
  }
}

async function untilCurrent(bus: Bus, known: () => number, signal: AbortSignal): Promise<void> {
  while (!signal.aborted) {
    const next = await nextMessage(bus, subscriptionsStream, subscriptionsFilter, known() + 1).catch(() => 'unknown' as const);
    if (next === undefined) return;
    await sleep(pollMs, undefined, { signal }).catch(() => undefined);
  }
}

async function watchConnection(bus: Bus, signal: AbortSignal, onLost: () => void, onBack: () => Promise<void>): Promise<void> {
  const statuses = bus.nc.status()[Symbol.asyncIterator]();
  const aborted = new Promise<undefined>((resolve) => signal.addEventListener('abort', () => resolve(undefined), { once: true }));
  while (!signal.aborted) {
    const next = await Promise.race([statuses.next(), aborted]);
    if (next === undefined || next.done === true) break;
    if (next.value.type === 'disconnect') onLost();
    else if (next.value.type === 'reconnect') await onBack();
  }
}
