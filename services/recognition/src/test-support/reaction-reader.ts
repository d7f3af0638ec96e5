import { accountFilter, decodeEvent, eventStreams, type Bus, type StreamedEvent } from '@parley/bus';
import { Channel, IntervalKind, type ReactionEvent, type ReactionInterval } from '@parley/contracts';
import type { Party } from '../domain/observation.ts';

/** For tests: the reaction events of one side of a call, once each, in sequence. A repeat has to be the same event. */
export async function reactionEvents(bus: Bus, { accountId, callId }: { accountId: string; callId: string }, party: Party = 'caller'): Promise<StreamedEvent[]> {
  const bySequence = new Map<bigint, StreamedEvent>();
  const consumer = await bus.js.consumers.get(eventStreams.reaction, { filter_subjects: accountFilter('reaction', accountId) });
  const { num_pending: count } = await consumer.info();
  let read = 0;
  if (count === 0) return [];
  for await (const message of await consumer.consume()) {
    const event = decodeEvent(message);
    if (event.source.endsWith(`/${callId}/reaction/${party}`)) {
      const known = bySequence.get(event.sequence);
      if (known && text(known) !== text(event)) throw new Error(`${event.id} was published with two contents`);
      bySequence.set(event.sequence, event);
    }
    read += 1;
    if (read === count) break;
  }
  const events = [...bySequence.values()].sort((a, b) => Number(a.sequence - b.sequence));
  events.forEach(({ sequence }, index) => {
    if (sequence !== BigInt(index)) throw new Error(`sequence ${index} is missing`);
  });
  return events;
}

function text({ id, data }: StreamedEvent): string {
  return JSON.stringify([id, data], (_key, value: unknown) => (typeof value === 'bigint' ? `${value}n` : value));
}

export function reactionOf({ data }: StreamedEvent): ReactionEvent {
  if (data.class !== 'reaction') throw new Error('not a reaction event');
  return data.value;
}

/** `0-4000 EVIDENCE FACE`, contiguous ones of a kind as one. */
export function intervalTexts(events: readonly StreamedEvent[]): string[] {
  const merged: ReactionInterval[] = [];
  for (const interval of events.flatMap((event) => reactionOf(event).intervals)) {
    const last = merged.at(-1);
    if (last?.kind === interval.kind && last.channel === interval.channel && last.toMs === interval.fromMs) {
      merged[merged.length - 1] = { ...last, toMs: interval.toMs };
    } else {
      merged.push(interval);
    }
  }
  return merged.map(({ fromMs, toMs, kind, channel }) =>
    [`${fromMs}-${toMs}`, nameIn(IntervalKind, kind), ...(channel ? [nameIn(Channel, channel)] : [])].join(' '),
  );
}

function nameIn(names: Readonly<Record<string, number>>, value: number): string {
  return Object.keys(names).find((name) => names[name] === value) ?? String(value);
}

/** Types without the prefix, e.g. `present`; progress left out. */
export function factTypes(events: readonly StreamedEvent[]): string[] {
  return events.map(({ type }) => type.replace('reaction.', '')).filter((type) => type !== 'progress');
}
