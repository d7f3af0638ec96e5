import { randomUUID } from 'node:crypto';
import { createPublisher, newEvent, type Bus, type BusEvent, type CallAttributes, type EventData } from '@parley/bus';
import { BillingEvent, CallEvent, ReactionEvent } from '@parley/contracts';

/** Publishes the events of one call as its producers do: each source counts from 0. */
export interface TestCall {
  readonly accountId: string;
  readonly callId: string;
  /** Publishes the next event of a class; resolves once the stream has it. */
  publish(eventClass: EventData['class'], type?: string): Promise<BusEvent>;
}

export function newCallId(): string {
  return `CA${randomUUID().replaceAll('-', '')}`;
}

export interface TestCallOptions {
  readonly accountId?: string;
  readonly callId?: string;
  readonly call?: Partial<CallAttributes>;
  /** Of call.text_received; makes events large. */
  readonly text?: string;
  /** Of each source; for one that goes on with another's call. */
  readonly firstSequence?: number;
}

/** @param bus of a user that may publish all classes. */
export function testCall(bus: Bus, { accountId = 'acme', callId = newCallId(), call = {}, text = 'hello\nthere: “ÿ”', firstSequence = 0 }: TestCallOptions = {}): TestCall {
  const publisher = createPublisher(bus);
  const first = BigInt(firstSequence);
  const next = { call: first, reaction: first, billing: first };
  return {
    accountId,
    callId,
    publish: async (eventClass, type) => {
      const event = newEvent({
        accountId,
        callId,
        ...(eventClass === 'reaction' ? { party: 'caller' } : {}),
        time: new Date(),
        sequence: next[eventClass]++,
        causationId: 'test',
        call: { from: 'client:alice', to: '+15550100', direction: 'inbound', ...call },
        data: dataOf(eventClass, callId, type, text),
      });
      await publisher.publish(event);
      return event;
    },
  };
}

function dataOf(eventClass: EventData['class'], legId: string, type: string | undefined, text: string): EventData {
  switch (eventClass) {
    case 'call':
      return { class: eventClass, value: CallEvent.fromPartial({ legId, event: callCase(type, text) }) };
    case 'reaction':
      return { class: eventClass, value: ReactionEvent.fromPartial({ legId, event: { $case: 'progress', value: { analysed: 1n } } }) };
    case 'billing':
      return { class: eventClass, value: BillingEvent.fromPartial({ event: { $case: 'charged', value: { entryId: 'e', amount: { currency: 'EUR', micros: 5n } } } }) };
  }
}

function callCase(type: string | undefined, text: string): NonNullable<CallEvent['event']> {
  if (type?.startsWith('app.') === true) return { $case: 'applicationEventPublished', value: { name: type.slice(4), dataJson: '{"n":1}' } };
  if (type === 'call.ringing') return { $case: 'ringing', value: {} };
  if (type === undefined || type === 'call.text_received') return { $case: 'textReceived', value: { text } };
  throw new Error(`no event for ${type}`);
}
