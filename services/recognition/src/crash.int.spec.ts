import { randomUUID } from 'node:crypto';
import { describe, expect, test } from '@jest/globals';
import { createPublisher, partitionOf } from '@parley/bus';
import { Crash, CrashGate, testBus, testDatabase } from '@parley/testing';
import { toMessage } from './bus/convert.ts';
import { toFindingsMessage } from './bus/findings-record.ts';
import type { CallEvent } from './domain/call-record.ts';
import type { Channel } from './domain/finding.ts';
import { createCallRepository } from './store/call-repository.ts';
import { createObservationRepository } from './store/observation-repository.ts';
import { measured } from './test-support/measured.ts';
import { replayed } from './test-support/replayed.ts';
import { TERMS } from './test-support/observed-call.ts';
import { factTypes, intervalTexts, reactionEvents, reactionOf } from './test-support/reaction-reader.ts';
import { applyCallEvent, type CallEventPorts } from './usecases/apply-call-event.ts';
import type { Taken } from './usecases/intake.ts';
import type { ObservationGrant } from './usecases/observation-message.ts';
import type { ObservationStore } from './usecases/observation-store.ts';
import { ObservedSide } from './usecases/observed-side.ts';

const nats = testBus();
const database = testDatabase();

const TIME = new Date('2026-01-01T00:00:00Z');
const ORIGIN_MS = TIME.getTime();
const END_MS = 9000;

const observed = (channel: Channel, ms: number, present: boolean): Taken => ({
  type: 'observed',
  outcome: { channel, claimedMs: ms, atMs: ms, result: { type: 'measured', measurement: measured(channel, present) } },
});
const observations: Taken[] = Array.from({ length: 18 }, (_, index) => index * 500)
  .flatMap((ms) => [observed('face', ms, ms < 2000 || ms >= 8000), observed('voice', ms, ms >= 4000 && ms < 5000)])
  .concat({ type: 'finished', claimedMs: END_MS, atMs: END_MS });
const mediaTimeOf = (taken: Taken): number => (taken.type === 'observed' ? taken.outcome.claimedMs : taken.type === 'finished' ? taken.claimedMs : -1);

interface Process {
  readonly store: ObservationStore;
  readonly ports: CallEventPorts;
}

async function startProcess(gate: CrashGate): Promise<Process> {
  const publisher = createPublisher(nats.bus);
  const db = gate.db(database.db);
  const store = await createObservationRepository(db, {
    publish: (message) => gate.pass(() => publisher.publish(message)),
    encode: (event, observation, causationId) => toMessage(event, observation, causationId, TIME),
    encodeRecorded: (recorded, observation) => toFindingsMessage(recorded, observation, TIME),
  });
  return { store, ports: { calls: createCallRepository(db), observations: store, onEndAwaited: () => undefined, nowMs: () => ORIGIN_MS } };
}

/** What survives outside of the process: how far the broker's events were applied, and what the device got acknowledged. */
interface Outside {
  applied: number;
  acknowledgedMs: number;
}

/** Of an account of its own, so that its events are read alone. */
function newGrant(): ObservationGrant {
  const id = randomUUID().replaceAll('-', '');
  const callId = `CA${id}`;
  const call = { from: 'client:alice', to: 'client:bob', direction: 'inbound' } as const;
  return { accountId: id, callId, party: 'caller', legId: callId, call, mediaOriginMs: ORIGIN_MS, startedAtMs: 0, traceparent: '', consent: true, policy: { id: 'p', version: 1, terms: TERMS } };
}

async function callEvent(sequence: number, event: CallEvent, grant: ObservationGrant, { ports }: Process, outside: Outside): Promise<void> {
  if (sequence <= outside.applied) return;
  await applyCallEvent({ ...grant, eventId: `${grant.callId}-call-${sequence}`, sequence, event }, ports);
  outside.applied = sequence;
}

/** The whole of a call, from wherever an earlier process left it. */
async function play(process: Process, grant: ObservationGrant, outside: Outside): Promise<void> {
  const { callId } = grant;
  await process.store.publishPending(partitionOf(callId));
  await callEvent(0, { type: 'video_started', party: 'caller', legId: callId, mediaOriginMs: ORIGIN_MS, consents: true, atMs: ORIGIN_MS }, grant, process, outside);
  if (outside.acknowledgedMs < END_MS) {
    const side = await ObservedSide.open(grant, { store: process.store, progressMs: 500, nowMs: () => ORIGIN_MS + END_MS });
    const left = observations.filter((taken) => mediaTimeOf(taken) > outside.acknowledgedMs);
    for (let at = 0; at < left.length; at += 9) {
      await side.store(left.slice(at, at + 9));
      outside.acknowledgedMs = side.standing().acknowledgedThroughMs;
    }
  }
  await callEvent(1, { type: 'leg_completed', legId: callId, atMs: ORIGIN_MS + END_MS, final: true }, grant, process, outside);
}

async function toldOf(grant: ObservationGrant) {
  const events = await reactionEvents(nats.bus, grant);
  return { facts: factTypes(events), intervals: intervalTexts(events), told: events.map((event) => ({ ...reactionOf(event), legId: '' })) };
}

describe('a process that dies at any operation', () => {
  test('leaves nothing half done: the next one tells the same events, each with the same content', async () => {
    const whole = newGrant();
    const counting = new CrashGate();
    await play(await startProcess(counting), whole, { applied: -1, acknowledgedMs: -1 });
    const expected = await toldOf(whole);
    expect(expected.facts).toEqual(['observing', 'present', 'channel_changed', 'channel_changed', 'channel_changed', 'ended']);
    expect(counting.operations).toBeGreaterThan(20);

    for (const when of ['before', 'after'] as const) {
      for (let at = 1; at <= counting.operations; at += 1) {
        const grant = newGrant();
        const outside: Outside = { applied: -1, acknowledgedMs: -1 };
        await expect(play(await startProcess(new CrashGate(at, when)), grant, outside)).rejects.toBeInstanceOf(Crash);
        await play(await startProcess(new CrashGate()), grant, outside);
        expect(await toldOf(grant)).toEqual(expected);
        expect((await replayed(nats.bus, grant.callId)).map(({ differences }) => differences)).toEqual([[]]);
      }
    }
  }, 300_000);
});
