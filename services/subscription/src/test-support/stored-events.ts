import { randomUUID } from 'node:crypto';
import { createPublisher, eventStreams, newEvent, partitionOf, type Bus } from '@parley/bus';
import { CallEvent } from '@parley/contracts';
import { eventually } from '@parley/testing';

export function newCallId(): string {
  return `CA${randomUUID().replaceAll('-', '')}`;
}

/** Another call of the same partition. */
export function neighbourOf(callId: string): string {
  for (;;) {
    const other = newCallId();
    if (partitionOf(other) === partitionOf(callId)) return other;
  }
}

export interface StoredCallEvent {
  readonly accountId: string;
  readonly callId: string;
  readonly sequence: number;
}

/** Where an event was stored. */
export interface Stored {
  readonly sequence: number;
  readonly timeMs: number;
}

/** Publishes one event of a call, as a call router does. */
export async function publishCallEvent(bus: Bus, { accountId, callId, sequence }: StoredCallEvent): Promise<void> {
  const data = { class: 'call', value: CallEvent.fromPartial({ legId: callId, event: { $case: 'ringing', value: {} } }) } as const;
  const call = { from: 'client:alice', to: '+15550100', direction: 'inbound' } as const;
  await createPublisher(bus).publish(newEvent({ accountId, callId, time: new Date(), sequence: BigInt(sequence), call, data }));
}

/** The same, and says where it was stored. No two that are stored by this have the same time. */
export async function storeCallEvent(bus: Bus, event: StoredCallEvent): Promise<Stored> {
  await publishCallEvent(bus, event);
  const { state } = await bus.jsm.streams.info(eventStreams.call);
  const stored = await bus.jsm.direct.getMessage(eventStreams.call, { seq: state.last_seq });
  const timeMs = stored!.time.getTime();
  await eventually(() => {
    if (Date.now() <= timeMs + 1) throw new Error('the clock stands still');
  });
  return { sequence: state.last_seq, timeMs };
}
