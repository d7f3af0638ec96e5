import { expect } from '@jest/globals';
import { accountFilter, decodeEvent, eventStreams, type Bus, type StreamedEvent } from '@parley/bus';
import type { CallEvent } from '@parley/contracts';
import { eventually } from '@parley/testing';

type Case = NonNullable<CallEvent['event']>;
type ValueOf<Name extends Case['$case']> = Extract<Case, { $case: Name }>['value'];

/** The events of one call, once each, in sequence. A repeat has to be the same event. */
export async function callEvents(bus: Bus, callId: string, accountId = 'acme'): Promise<StreamedEvent[]> {
  const bySequence = new Map<bigint, StreamedEvent>();
  const consumer = await bus.js.consumers.get(eventStreams.call, { filter_subjects: accountFilter('call', accountId) });
  let left = (await consumer.info()).num_pending;
  if (left === 0) return [];
  for await (const message of await consumer.consume()) {
    const event = decodeEvent(message);
    if (event.callId === callId) {
      const known = bySequence.get(event.sequence);
      if (known !== undefined) expect({ ...event, streamSequence: 0 }).toEqual({ ...known, streamSequence: 0 });
      bySequence.set(event.sequence, event);
    }
    left -= 1;
    if (left === 0) break;
  }
  return [...bySequence.values()].sort((one, other) => Number(one.sequence - other.sequence));
}

/** The events of a call once it has ended, after a look at what holds for every call. */
export function endedCall(bus: Bus, callId: string, accountId = 'acme'): Promise<StreamedEvent[]> {
  return eventually(async () => {
    const events = await callEvents(bus, callId, accountId);
    expect(valueOf(events.at(-1), 'completed')?.final).toBe(true);
    expectWellFormed(events);
    return events;
  });
}

/** Contiguous, time never back, one terminal event for each leg and nothing of the leg after it, the root's last and final. */
export function expectWellFormed(events: readonly StreamedEvent[]): void {
  expect(events.map(({ sequence }) => sequence)).toEqual(events.map((_, index) => BigInt(index)));
  const ended = new Set<string>();
  const legs = new Set<string>();
  events.forEach(({ data, time }, index) => {
    expect(time.getTime()).toBeGreaterThanOrEqual(events[index - 1]?.time.getTime() ?? 0);
    if (data.class !== 'call') throw new Error('not an event of class call');
    const { legId, event } = data.value;
    expect(ended).not.toContain(legId);
    legs.add(legId);
    if (event?.$case === 'completed') ended.add(legId);
  });
  expect(ended).toEqual(legs);
  expect(events.filter((event) => valueOf(event, 'completed')?.final)).toHaveLength(1);
}

/** Types in order; those of a dialled leg with a star. */
export function typesOf(events: readonly StreamedEvent[]): string[] {
  return events.map(({ type, callId, data }) => (data.class === 'call' && data.value.legId !== callId ? `${type}*` : type));
}

export function valueOf<Name extends Case['$case']>(event: StreamedEvent | undefined, name: Name): ValueOf<Name> | undefined {
  return event === undefined ? undefined : valuesOf([event], name)[0];
}

/** What events of a kind say. */
export function valuesOf<Name extends Case['$case']>(events: readonly StreamedEvent[], name: Name): ValueOf<Name>[] {
  const said = events.flatMap(({ data }) => (data.class === 'call' && data.value.event?.$case === name ? [data.value.event.value] : []));
  return said as ValueOf<Name>[];
}
