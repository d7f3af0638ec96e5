import { randomUUID } from 'node:crypto';
import { headers as natsHeaders } from '@nats-io/nats-core';
import { connectBus, encodeEvent, newEvent, type Bus, type BusEvent } from '@parley/bus';
import { CallEvent } from '@parley/contracts';
import { natsCredsFile } from '@parley/local';

/** All benchmarks are one account's. */
export const accountId = 'acme';

/** A connection of the user that may do everything. */
export function connectPlatform(url: string): Promise<Bus> {
  return connectBus({ url, credsFile: natsCredsFile('platform'), name: 'bench' });
}

/** Makes the events of some calls in turn; each carries a text of 200 bytes. */
export function eventMaker(callCount: number): () => BusEvent {
  const calls = Array.from({ length: callCount }, () => ({ callId: `CA${randomUUID().replaceAll('-', '')}`, sequence: 0n }));
  const value = CallEvent.fromPartial({ legId: calls[0]!.callId, event: { $case: 'textReceived', value: { text: 'x'.repeat(200) } } });
  let made = 0;
  return () => {
    const call = calls[made++ % callCount]!;
    return newEvent({
      accountId,
      callId: call.callId,
      time: new Date(),
      sequence: call.sequence++,
      causationId: 'bench',
      call: { from: 'client:alice', to: '+4930123456', direction: 'inbound' },
      data: { class: 'call', value },
    });
  };
}

/** Publishes by nats.js alone. @returns how long the broker took to acknowledge it, in ms. */
export async function publishRaw({ js }: Bus, event: BusEvent): Promise<number> {
  const { subject, headers: values, payload } = encodeEvent(event);
  const headers = natsHeaders();
  for (const [name, value] of Object.entries(values)) headers.set(name, value);
  const startMs = performance.now();
  await js.publish(subject, payload, { headers });
  return performance.now() - startMs;
}
