import { describe, expect, test } from '@jest/globals';
import { FindingsRecord } from '@parley/contracts';
import fc from 'fast-check';
import { eventPayload } from '../bus/convert.ts';
import { fromFindingsRecord, toFindingsMessage } from '../bus/findings-record.ts';
import { apply, newObservation, type Observation } from '../domain/observation.ts';
import type { Command, Outcome } from '../domain/session.ts';
import { measured } from '../test-support/measured.ts';
import { TERMS } from '../test-support/observed-call.ts';
import { differences, replaySide, type Sequenced } from './replay-side.ts';

const START: Observation = {
  ...newObservation({ accountId: 'acme', callId: 'CA1', party: 'callee', legId: 'CA2', call: { from: 'a', to: 'b', direction: 'inbound' }, traceparent: '' }),
  policy: { id: 'standard', version: 2, terms: TERMS },
};
const face = (atMs: number, present: boolean): Outcome => ({ channel: 'face', claimedMs: atMs + 3, atMs, result: { type: 'measured', measurement: measured('face', present, 0.1 + 0.7 / 3) } });
const observe = (...outcomes: Outcome[]): Command => ({ type: 'observe', outcomes, terms: TERMS, progressMs: 500 });
const STORY: Command[][] = [
  [{ type: 'start_video', atMs: 0, consents: true }],
  [observe(face(0, true), face(500, true), { channel: 'voice', claimedMs: 600, atMs: 600, result: { type: 'skipped' } })],
  [observe(face(1000, false), face(2000, false), face(4000, false))],
  [observe({ channel: 'text', claimedMs: 5000, atMs: 5000, result: { type: 'refused' } }, face(5500, true)), { type: 'stop_video', atMs: 6000 }],
  [{ type: 'complete', atMs: 7000 }, { type: 'finish', claimedMs: 7000, atMs: 7000 }],
];

interface Published {
  readonly records: Sequenced<FindingsRecord>[];
  readonly events: Sequenced<Uint8Array>[];
}

/** As the service does. */
function published(story: readonly (readonly Command[])[]): Published {
  let observation = START;
  const all: Published = { records: [], events: [] };
  for (const commands of story) {
    const change = apply(commands, observation);
    observation = change.observation;
    const { payload } = toFindingsMessage(change.recorded!, observation, new Date(0));
    all.records.push({ sequence: change.recorded!.sequence, content: FindingsRecord.decode(payload) });
    all.events.push(...change.events.map((event) => ({ sequence: event.sequence, content: eventPayload(event, observation) })));
  }
  return all;
}

describe('a replay of one side of a call', () => {
  const { records, events } = published(STORY);
  const replay = (given: readonly Sequenced<FindingsRecord>[]) => differences(replaySide('callee', given), events);

  test('comes to the published events, bit for bit', () => {
    expect(events.length).toBeGreaterThan(4);
    expect(replay(records)).toEqual([]);
    expect(records.flatMap(({ content }) => fromFindingsRecord(content))).toEqual(STORY.flat());
  });

  test('an event that was changed, lost or made up is told', () => {
    const changed = events.map((event, nth) => (nth === 3 ? { ...event, content: Buffer.concat([event.content.subarray(0, -1), Buffer.of(99)]) } : event));
    const replayed = replaySide('callee', records);
    expect(differences(replayed, changed)).toEqual(['event 3 is not what follows from the records']);
    expect(differences(replayed, events.toSpliced(2, 1))).toEqual(['event 2 is missing in the stream']);
    expect(differences(replayed, [...events, { sequence: events.length, content: Buffer.alloc(0) }])).toEqual([`event ${events.length} was published, but does not follow from the records`]);
  });

  test('a record that is missing or was judged by other rules is told', () => {
    expect(replay(records.toSpliced(1, 1))[0]).toBe('record 1 is missing: from there on nothing can be told');
    const older = records.map((record, nth) => (nth === 2 ? { ...record, content: { ...record.content, rulesVersion: 99 } } : record));
    expect(replay(older)).toEqual([expect.stringContaining('record 2 was judged by the rules of version 99')]);
  });

  test('any measurement that changes a finding changes what follows', () => {
    fc.assert(
      fc.property(fc.constantFrom(0, 1), (nth) => {
        const [first, ...others] = STORY[1]![0]!.type === 'observe' ? STORY[1]![0]!.outcomes : [];
        const outcomes = [first!, ...others].map((outcome, index) => (index === nth ? face(outcome.atMs, false) : outcome));
        const other = published([STORY[0]!, [observe(...outcomes)], ...STORY.slice(2)]);
        expect(differences(replaySide('callee', other.records), events)).not.toEqual([]);
      }),
    );
  });
});
