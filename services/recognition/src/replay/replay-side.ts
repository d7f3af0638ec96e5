import { Party as PartyProto, type FindingsRecord } from '@parley/contracts';
import { eventPayload } from '../bus/convert.ts';
import { fromFindingsRecord } from '../bus/findings-record.ts';
import { RULES_VERSION } from '../domain/judgement.ts';
import { apply, newObservation, type Observation, type Party } from '../domain/observation.ts';

/** A message of one side of a call, with its place in that side's sequence. */
export interface Sequenced<Content> {
  readonly sequence: number;
  readonly content: Content;
}

/** What came of taking in again what one side's records hold. */
export interface Replay {
  readonly party: Party;
  readonly records: number;
  /** Payloads of the events that follow, as they would be published: by sequence. */
  readonly events: readonly Uint8Array[];
  readonly faults: readonly string[];
}

const NOBODY = { accountId: '', callId: '', legId: '', call: { from: '', to: '', direction: 'inbound' }, traceparent: '' } as const;

/**
 * Takes in again what recognition took in for one side of a call, by the rules of this version, and says what follows.
 * @param records of that side, each once, in sequence
 */
export function replaySide(party: Party, records: readonly Sequenced<FindingsRecord>[]): Replay {
  const faults: string[] = [];
  const events: Uint8Array[] = [];
  let observation: Observation = newObservation({ ...NOBODY, party });
  for (const [nth, { sequence, content }] of records.entries()) {
    if (sequence !== nth) {
      faults.push(`record ${nth} is missing: from there on nothing can be told`);
      break;
    }
    if (content.rulesVersion !== RULES_VERSION) faults.push(`record ${nth} was judged by the rules of version ${content.rulesVersion}, not ${RULES_VERSION}`);
    const change = apply(fromFindingsRecord(content), observation);
    observation = change.observation;
    const told = { party, legId: content.legId, policy: { id: content.policyId, version: content.policyVersion } };
    events.push(...change.events.map((event) => eventPayload(event, told)));
  }
  return { party, records: records.length, events, faults };
}

/** Where what follows is not what was published, bit for bit. Events after the last that was published may still come. */
export function differences({ events, faults }: Replay, published: readonly Sequenced<Uint8Array>[]): string[] {
  const told = published.flatMap(({ sequence, content }) => {
    const again = events[sequence];
    if (again === undefined) return [`event ${sequence} was published, but does not follow from the records`];
    return Buffer.compare(again, content) === 0 ? [] : [`event ${sequence} is not what follows from the records`];
  });
  const missing = published.findIndex(({ sequence }, nth) => sequence !== nth);
  return [...faults, ...(missing === -1 ? [] : [`event ${missing} is missing in the stream`]), ...told];
}

export function partyOf({ party }: Pick<FindingsRecord, 'party'>): Party {
  return party === PartyProto.CALLEE ? 'callee' : 'caller';
}
