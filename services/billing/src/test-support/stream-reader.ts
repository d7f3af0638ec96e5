import { accountFilter, decodeEvent, eventStreams, ledgerStream, ledgerSubject, type Bus, type ReceivedMessage, type StreamedEvent } from '@parley/bus';
import { LedgerEvent, type BillingEvent } from '@parley/contracts';

/** For tests: billing's events of one call, once each, in sequence. A repeat has to be the same event. */
export async function billingEvents(bus: Bus, { accountId, callId }: { accountId: string; callId: string }): Promise<StreamedEvent[]> {
  return (await billingEventsByCall(bus, accountId)).get(callId) ?? [];
}

/** For tests: the same of all calls of an account. */
export async function billingEventsByCall(bus: Bus, accountId: string): Promise<Map<string, StreamedEvent[]>> {
  return eventsByCall(bus, accountId, 'billing');
}

/** For tests: what recognition said of one call, once each, in sequence; of one side, if only one was observed. */
export async function reactionEvents(bus: Bus, { accountId, callId }: { accountId: string; callId: string }): Promise<StreamedEvent[]> {
  return (await eventsByCall(bus, accountId, 'reaction')).get(callId) ?? [];
}

async function eventsByCall(bus: Bus, accountId: string, eventClass: 'billing' | 'reaction'): Promise<Map<string, StreamedEvent[]>> {
  const once = new Map<string, StreamedEvent>();
  for (const message of await messages(bus, eventStreams[eventClass], accountFilter(eventClass, accountId))) {
    const event = decodeEvent(message);
    const known = once.get(event.id);
    if (known !== undefined && text(known.data) !== text(event.data)) throw new Error(`${event.id} was published with two contents`);
    once.set(event.id, event);
  }
  const inOrder = [...once.values()].sort((one, other) => Number(one.sequence - other.sequence));
  return Map.groupBy(inOrder, ({ callId }) => callId);
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
  if (count > 0) {
    for await (const message of await consumer.consume()) {
      found.push(message);
      if (found.length === count) break;
    }
  }
  await consumer.delete();
  return found;
}

function text(data: unknown): string {
  return JSON.stringify(data, (_, value: unknown) => (typeof value === 'bigint' ? `${value}n` : value));
}
