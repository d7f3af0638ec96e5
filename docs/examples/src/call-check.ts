// What must hold of any call, told from its events alone.
import { Channel, Party, type CallStatus, type Event, type Receipt } from '@parley/contracts';
import { billOf, differences } from './receipt-check.ts';

/** In words, each promise that the call's events or its receipt break; none is what it should be. */
export function callFaults(events: readonly Event[], receipt: Receipt): string[] {
  const once = [...new Map(events.map((event) => [event.id, event])).values()];
  return [...terminalFaults(once), ...billFaults(once, receipt)];
}

/** One `completed` per leg, the root's last and final; one `settled`. */
function terminalFaults(events: readonly Event[]): string[] {
  const faults: string[] = [];
  const calls = events.flatMap(({ data }) => (data?.$case === 'call' ? [data.value] : []));
  const legs = calls.filter(({ event }) => event?.$case === 'initiated').map(({ legId }) => legId);
  const completed = calls.flatMap(({ legId, event }) => (event?.$case === 'completed' ? [{ legId, ...event.value }] : []));
  for (const legId of legs) {
    const count = completed.filter((one) => one.legId === legId).length;
    if (count !== 1) faults.push(`leg ${legId} has ${count} completed events`);
  }
  if (completed.at(-1)?.legId !== legs[0] || completed.filter(({ final }) => final).length !== 1) {
    faults.push("the root's completed is not the one final event");
  }
  const settled = events.filter(({ type }) => type === 'billing.settled').length;
  if (settled !== 1) faults.push(`the call was settled ${settled} times`);
  return faults;
}

function billFaults(events: readonly Event[], receipt: Receipt): string[] {
  const terms = receipt.policy?.terms;
  if (terms === undefined) return ['the receipt names no policy'];
  return differences(receipt, billOf(events, Party.CALLER, terms));
}

/** The stages in the order in which the cascade took them, e.g. face, voice, text, absent, face. */
export function stages(events: readonly Event[]): string[] {
  const names: Readonly<Record<number, string>> = { [Channel.FACE]: 'face', [Channel.VOICE]: 'voice', [Channel.TEXT]: 'text' };
  const once = new Map(events.map((event) => [event.id, event]));
  return [...once.values()].flatMap(({ data }) => {
    if (data?.$case !== 'reaction') return [];
    const { event } = data.value;
    if (event?.$case === 'present') return [names[event.value.channel] ?? '?'];
    if (event?.$case === 'channelChanged') return [names[event.value.to] ?? '?'];
    return event?.$case === 'absent' ? ['absent'] : [];
  });
}

/** How each leg ended, by leg id. */
export function endings(events: readonly Event[]): Map<string, { readonly status: CallStatus; readonly cause: number }> {
  return new Map(
    events.flatMap(({ data }) => {
      if (data?.$case !== 'call' || data.value.event?.$case !== 'completed') return [];
      const { status, cause } = data.value.event.value;
      return [[data.value.legId, { status, cause }]];
    }),
  );
}
