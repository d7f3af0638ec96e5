import { setImmediate as nextTurn } from 'node:timers/promises';
import { describe, expect, test } from '@jest/globals';
import { parleyError } from '@parley/errors';
import { apply, type Change, type Observation } from '../domain/observation.ts';
import type { Command } from '../domain/session.ts';
import { createTextEngine } from '../engines/text-engine.ts';
import type { FaceMeasurement, VoiceMeasurement } from '../domain/measurement.ts';
import { measured } from '../test-support/measured.ts';
import type { ObservationGrant, ObservationMessage } from './observation-message.ts';
import type { ObservationStore } from './observation-store.ts';
import { observe, type Answer, type ObservePorts } from './observe.ts';
import { OpenStreams } from './open-streams.ts';

const TERMS = { minFaceAreaRatio: 0.015, livenessMs: 0, faceAbsentMs: 2000, voiceAbsentMs: 2000, textAbsentMs: 2000, textHoldMs: 3000, maxGapMs: 1500 };
const NOW_MS = 60_000;
const GRANT: ObservationGrant = {
  accountId: 'acme',
  callId: 'CA1',
  party: 'caller',
  legId: 'CA1',
  call: { from: 'client:alice', to: 'client:bob', direction: 'inbound' },
  mediaOriginMs: 0,
  startedAtMs: 0,
  policy: { id: 'standard', version: 1, terms: TERMS },
  consent: true,
  traceparent: '',
};
const PRESENT = measured('face', true) as FaceMeasurement;

/** One side, kept in memory: the rules of writing are the store's own, and tested there. */
class OneSide implements ObservationStore {
  observation: Observation | undefined;

  change(_key: unknown, decide: (found: Observation | undefined) => Change | undefined): Promise<Observation | undefined> {
    return Promise.resolve().then(() => (this.observation = decide(this.observation)?.observation ?? this.observation));
  }

  /** As the call's events do. */
  async hear(...commands: readonly Command[]): Promise<void> {
    await this.change(undefined, (found) => found && apply(commands, found));
  }

  awaitingEnd(): Promise<[]> {
    return Promise.resolve([]);
  }

  publishPending(): Promise<void> {
    return Promise.resolve();
  }
}

function portsWith(store: ObservationStore, measureFace: () => Promise<FaceMeasurement>, stopping = new AbortController().signal): ObservePorts {
  const face = { check: () => undefined, measure: measureFace };
  const voice = { check: () => undefined, measure: () => Promise.resolve(measured('voice', false) as VoiceMeasurement) };
  return {
    store,
    openRecognisers: () => ({ face, voice, text: createTextEngine(GRANT.callId) }),
    streams: new OpenStreams({ maxStreams: 8, maxStreamsPerAccount: 8 }),
    bounds: { maxWaiting: 8, maxWaitingBytes: 1000 },
    progressMs: 500,
    nowMs: () => NOW_MS,
    stopping,
  };
}

const faceAt = (claimedMs: number): ObservationMessage => ({ claimedMs, content: { type: 'face', bytes: new Uint8Array(1) } });
const finishedAt = (claimedMs: number): ObservationMessage => ({ claimedMs, content: { type: 'finished' } });

async function* sent(...messages: readonly ObservationMessage[]): AsyncGenerator<ObservationMessage> {
  yield* messages;
}

async function settle(): Promise<void> {
  for (let turn = 0; turn < 20; turn += 1) await nextTurn();
}

describe('a shutdown', () => {
  test('stores nothing of what it made fail itself, so that the device can send it again', async () => {
    const store = new OneSide();
    const stopping = new AbortController();
    const analysis = Promise.withResolvers<FaceMeasurement>();
    const send = async function* (): AsyncGenerator<ObservationMessage> {
      yield faceAt(100);
      await new Promise(() => undefined);
    };
    const observed = observe(GRANT, send(), () => Promise.resolve(), portsWith(store, () => analysis.promise, stopping.signal));
    await settle();
    stopping.abort();
    await expect(observed).rejects.toMatchObject({ code: 'shutting_down' });
    analysis.reject(parleyError('shutting_down', 'the engine is closed'));
    await settle();
    expect(store.observation?.session).toMatchObject({ seenMs: { face: -1 }, tally: { analysed: 0, refused: 0 } });
  });
});

describe('a video that stopped and started again on the same leg', () => {
  test('is observed again once the start is heard of, though the device was faster', async () => {
    const store = new OneSide();
    const ports = portsWith(store, () => Promise.resolve(PRESENT));
    const answers: Answer[] = [];
    const answer = (one: Answer): Promise<void> => Promise.resolve(void answers.push(one));
    await observe(GRANT, sent(faceAt(0), finishedAt(500)), answer, ports);
    await store.hear({ type: 'stop_video', atMs: 600 });
    const again = async function* (): AsyncGenerator<ObservationMessage> {
      yield faceAt(3000);
      await settle();
      await store.hear({ type: 'start_video', atMs: 2900, consents: true });
      yield faceAt(3500);
      await settle();
      yield faceAt(4000);
      yield finishedAt(4500);
      // After its own end the stream takes nothing, stored or not.
      yield faceAt(5000);
    };
    await observe(GRANT, again(), answer, ports);
    expect(answers.flatMap(({ refusal }) => (refusal ? [`${refusal.claimedMs} ${refusal.code}`] : []))).toEqual([
      '3000 observation.finished',
      '3500 observation.finished',
      '5000 observation.finished',
    ]);
    expect(store.observation?.session).toMatchObject({ seenMs: { face: 4000 }, finishedAtMs: 4500, tally: { analysed: 2 } });
  });
});
