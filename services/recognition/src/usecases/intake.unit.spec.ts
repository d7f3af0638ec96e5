import { describe, expect, test } from '@jest/globals';
import { parleyError } from '@parley/errors';
import { initialSession } from '../domain/session.ts';
import { createTextEngine } from '../engines/text-engine.ts';
import { measured } from '../test-support/measured.ts';
import type { FaceMeasurement, VoiceMeasurement } from '../domain/measurement.ts';
import { Intake } from './intake.ts';
import type { ObservationMessage } from './observation-message.ts';
import type { VoiceContent } from './recognisers.ts';

/** An intake whose pictures are analysed when the test says so; what the recognisers were shown is kept as it was then. */
function intakeOf({ maxWaiting = 8, refusesPictures = false } = {}) {
  const shown: number[][] = [];
  const gate = Promise.withResolvers<FaceMeasurement>();
  const refuse = (): void => {
    if (refusesPictures) throw parleyError('observation.not_an_image', 'not a picture');
  };
  const face = {
    check: refuse,
    measure: (bytes: Uint8Array) => {
      shown.push([...bytes]);
      return gate.promise;
    },
  };
  const voice = {
    check: () => undefined,
    measure: async ({ pcm }: VoiceContent) => {
      shown.push([...pcm]);
      return measured('voice', true) as VoiceMeasurement;
    },
  };
  const recognisers = { face, voice, text: createTextEngine('CA1') };
  const intake = new Intake(initialSession, { mediaOriginMs: 0, recognisers, bounds: { maxWaiting, maxWaitingBytes: 1000 }, nowMs: () => 60_000 });
  return { intake, shown, analysed: () => gate.resolve(measured('face', true) as FaceMeasurement), failed: () => gate.reject(new Error('no')) };
}

function picture(claimedMs: number): { bytes: Uint8Array; message: ObservationMessage } {
  const bytes = Uint8Array.of(1, 2, 3);
  return { bytes, message: { claimedMs, content: { type: 'face', bytes } } };
}

const wiped = Uint8Array.of(0, 0, 0);

describe('what a device sent is wiped', () => {
  test.each(['analysed', 'failed'] as const)('once a picture is %s, and not before', async (end) => {
    const { intake, shown, ...ends } = intakeOf();
    const { bytes, message } = picture(0);
    const taken = intake.take(message);
    expect([shown, bytes]).toEqual([[[1, 2, 3]], Uint8Array.of(1, 2, 3)]);
    ends[end]();
    await taken;
    expect(bytes).toEqual(wiped);
  });

  test('once sound is heard, that of both sides', async () => {
    const { intake, shown } = intakeOf();
    const [pcm, sentPcm] = [Uint8Array.of(1, 2), Uint8Array.of(3, 4)];
    await intake.take({ claimedMs: 0, content: { type: 'voice', audio: { pcm, sentPcm } } });
    expect([shown, pcm, sentPcm]).toEqual([[[1, 2]], Uint8Array.of(0, 0), Uint8Array.of(0, 0)]);
  });

  test('when it is skipped, refused or came before', async () => {
    const { intake } = intakeOf({ maxWaiting: 1 });
    const [, skipped, , again] = [picture(0), picture(1), picture(2), picture(2)].map(({ bytes, message }) => ({ bytes, taken: intake.take(message) }));
    await skipped!.taken;
    const refusing = intakeOf({ refusesPictures: true });
    const refused = picture(0);
    await refusing.intake.take(refused.message);
    expect([skipped!.bytes, again!.bytes, refused.bytes]).toEqual([wiped, wiped, wiped]);
  });

  test('when the stream ends before its turn came', () => {
    const { intake } = intakeOf();
    const [inWork, waiting] = [picture(0), picture(1)];
    for (const { message } of [inWork, waiting]) void intake.take(message);
    intake.close();
    expect([inWork.bytes, waiting.bytes]).toEqual([Uint8Array.of(1, 2, 3), wiped]);
  });
});
