import { accountFilter, decodeEvent, eventStreams, ledgerStream, ledgerSubject, type Bus, type ReceivedMessage, type StreamedEvent } from '@parley/bus';
import { LedgerEvent, type BillingEvent } from '@parley/contracts';

/** For tests: billing's events of one call, once each, in sequence. A repeat has to be the same event. */
export async function billingEvents(bus: Bus, { accountId, callId }: { accountId: string; callId: string }): Promise<StreamedEvent[]> {
  const bySequence = new Map<bigint, StreamedEvent>();
  for (const message of await messages(bus, eventStreams.billing, accountFilter('billing', accountId))) {
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
  for (const message of await messages(bus, ledgerStream, ledgerSubject(accountId))) {
    const event = LedgerEvent.decode(message.data);
    byId.set(message.headers!.get('ce-id'), event);
  }
  return [...byId.values()];
}

async function messages(bus: Bus, stream: string, subject: string): Promise<ReceivedMessage[]> {
  const consumer = await bus.js.consumers.get(stream, { filter_subjects: subject });
  const { num_pending: count } = await consumer.info();
  const found: ReceivedMessage[] = [];
  if (count === 0) return found;
  for await (const message of await consumer.consume()) {
    found.push(message);
    if (found.length === count) break;
  }
  return found;
}

function text(data: unknown): string {
  return JSON.stringify(data, (_, value: unknown) => (typeof value === 'bigint' ? `${value}n` : value));
}
