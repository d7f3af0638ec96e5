import { findingsFilter, findingsStream, readCallEvents, readToEnd, type Bus } from '@parley/bus';
import { FindingsRecord } from '@parley/contracts';
import type { Party } from '../domain/observation.ts';
import { partyOf, type Sequenced } from './replay-side.ts';

/** What the streams hold of one side of a call: each message once, in the side's own sequence. */
export interface RecordedSide {
  readonly party: Party;
  readonly records: readonly Sequenced<FindingsRecord>[];
  /** Payloads of its reaction events. */
  readonly events: readonly Sequenced<Uint8Array>[];
}

/** @returns the sides that were observed, as far as the streams still reach back */
export async function readCall(bus: Bus, callId: string): Promise<RecordedSide[]> {
  const records: Record<Party, Map<number, FindingsRecord>> = { caller: new Map(), callee: new Map() };
  const events: Record<Party, Map<number, Uint8Array>> = { caller: new Map(), callee: new Map() };
  await readToEnd(bus, { stream: findingsStream, filter: findingsFilter(callId) }, (message) => {
    if (message.headers?.get('ce-subject') !== callId) return;
    const record = FindingsRecord.decode(message.data);
    records[partyOf(record)].set(Number(message.headers.get('ce-sequence')), record);
  });
  for (const { event: { data, sequence }, payload } of await readCallEvents(bus, 'reaction', { callId })) {
    if (data.class === 'reaction') events[partyOf(data.value)].set(Number(sequence), payload);
  }
  return (['caller', 'callee'] as const)
    .map((party) => ({ party, records: inSequence(records[party]), events: inSequence(events[party]) }))
    .filter(({ records: { length }, events: { length: published } }) => length + published > 0);
}

function inSequence<Content>(bySequence: ReadonlyMap<number, Content>): Sequenced<Content>[] {
  return [...bySequence].map(([sequence, content]) => ({ sequence, content })).sort((one, other) => one.sequence - other.sequence);
}
