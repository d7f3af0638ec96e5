import { decodeEvent, eventStreams, ledgerStream, type Bus, type ReceivedMessage, type StreamedEvent } from '@parley/bus';
import { LedgerEvent, type BillingEvent } from '@parley/contracts';

/** For tests: billing's events of one call, once each, in sequence. A repeat has to be the same event. */
export async function billingEvents(bus: Bus, callId: string): Promise<StreamedEvent[]> {
  const bySequence = new Map<bigint, StreamedEvent>();
  for (const message of await messages(bus, eventStreams.billing)) {
    const event = decodeEvent(message);
    if (event.callId !== callId) continue;
    const known = bySequence.get(event.sequence);
    if (known !== undefined && text(known.data) !== text(event.data)) throw new Error(`${event.id} was published with two contents`);
    bySequence.set(event.sequence, event);
  }
  return [...bySequence.values()].sort((one, other) => Number(one.sequence - other.sequence));
}

type BillingCase = NonNullable<BillingEvent['event']>;
type ValueOf<Name> = Extract<BillingCase, { $case: Name }>['value'];

/** Of these events, what those of one kind say. */
export function valuesOf<Name extends BillingCase['$case']>(events: readonly StreamedEvent[], name: Name): ValueOf<Name>[] {
  const said = events.flatMap(({ data }) => (data.class === 'billing' && data.value.event?.$case === name ? [data.value.event.value] : []));
  return said as ValueOf<Name>[];
}

/** For tests: what the LEDGER stream says of an account, once per message id. */
export async function ledgerEvents(bus: Bus, accountId: string): Promise<LedgerEvent[]> {
  const byId = new Map<string, LedgerEvent>();
  for (const message of await messages(bus, ledgerStream)) {
    const event = LedgerEvent.decode(message.data);
    if (event.accountId === accountId) byId.set(message.headers!.get('ce-id'), event);
  }
  return [...byId.values()];
}

async function messages(bus: Bus, stream: string): Promise<ReceivedMessage[]> {
  const { state } = await bus.jsm.streams.info(stream);
  if (state.messages === 0) return [];
  const consumer = await bus.js.consumers.get(stream);
  const found: ReceivedMessage[] = [];
  for await (const message of await consumer.consume()) {
    found.push(message);
    if (message.seq >= state.last_seq) break;
  }
  return found;
}

function text(data: unknown): string {
  return JSON.stringify(data, (_, value: unknown) => (typeof value === 'bigint' ? `${value}n` : value));
}
