import { parleyError } from '@parley/errors';
import { createVoiceDetector, pcmFromBytes, SAMPLE_RATE_HZ } from '@parley/speech';
import type { VoiceMeasurement } from '../domain/measurement.ts';
import type { Recogniser, VoiceContent } from '../usecases/recognisers.ts';
import { ListeningEar } from './voice/listening-ear.ts';

/** Hears speech with Silero, and whose it is by what was sent to the counterpart. */
export interface VoiceEngine {
  /** For one stream of observations, whose pieces it takes one after the other. What it remembers goes with it. */
  open(): Recogniser<VoiceContent, VoiceMeasurement>;
  close(): Promise<void>;
}

/** Of the contract: 2 s. */
const MAX_BYTES = 2 * SAMPLE_RATE_HZ * 2;

export function createVoiceEngine(): VoiceEngine {
  const detector = createVoiceDetector();
  return {
    open: () => {
      let ear: ListeningEar | undefined;
      return {
        check,
        measure: async ({ pcm, sentPcm }, atMs) => {
          if (!ear?.expects(atMs)) ear = new ListeningEar(detector.openStream(), atMs);
          try {
            return await ear.hear(pcmFromBytes(pcm), sentPcm && pcmFromBytes(sentPcm));
          } catch (cause) {
            // What it has not heard is missing from then on.
            ear = undefined;
            throw parleyError('observation.analysis_failed', 'the audio could not be analysed', { cause });
          }
        },
      };
    },
    close: () => detector.close(),
  };
}

function check({ pcm: { length }, sentPcm }: VoiceContent): void {
  if (length === 0 || length % 2 !== 0 || length > MAX_BYTES) {
    throw parleyError('observation.invalid_pcm', `${length} bytes of audio; an even number, from 2 to ${MAX_BYTES}, is taken`);
  }
  if (sentPcm !== undefined && sentPcm.length !== length) {
    throw parleyError('observation.invalid_pcm', `${sentPcm.length} bytes of what was sent during ${length} bytes of audio; as many are taken`);
  }
}
