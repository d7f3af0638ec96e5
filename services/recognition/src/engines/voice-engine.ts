import { parleyError } from '@parley/errors';
import { CHUNK_SAMPLES, createVoiceDetector, durationMs, pcmFromBytes, SAMPLE_RATE_HZ, segments } from '@parley/speech';
import type { VoiceMeasurement } from '../domain/measurement.ts';
import type { Recogniser } from '../usecases/recognisers.ts';

export interface VoiceEngine extends Recogniser<Uint8Array, VoiceMeasurement> {
  close(): Promise<void>;
}

/** Of the contract: 2 s. */
const MAX_BYTES = 2 * SAMPLE_RATE_HZ * 2;
const MIN_SPEECH_MS = 250;

/**
 * Hears speech with Silero. Each observation is heard by itself: were the detector to remember the one before, the same
 * observations, sent again after a restart, could give another result, and remembering over a restart would mean to store
 * what was heard. A piece of 300 ms or more is enough for it to find its bearings.
 */
export function createVoiceEngine(): VoiceEngine {
  const detector = createVoiceDetector();
  return {
    check: ({ length }) => {
      if (length > 0 && length % 2 === 0 && length <= MAX_BYTES) return;
      throw parleyError('observation.invalid_pcm', `${length} bytes of audio; an even number, from 2 to ${MAX_BYTES}, is taken`);
    },
    measure: async (bytes) => {
      const pcm = pcmFromBytes(bytes);
      try {
        return heard(await detector.openStream().push(wholeChunks(pcm)), durationMs(pcm));
      } catch (cause) {
        throw parleyError('observation.analysis_failed', 'the audio could not be analysed', { cause });
      }
    },
    close: () => detector.close(),
  };
}

/** Of a short piece, half has to be speech. */
function heard(probabilities: readonly number[], lengthMs: number): VoiceMeasurement {
  const found = segments(probabilities, { minSpeechMs: Math.min(MIN_SPEECH_MS, lengthMs / 2) });
  const speechMs = found.reduce((sum, { fromMs, toMs }) => sum + toMs - fromMs, 0);
  return { channel: 'voice', speechMs, confidence: Math.max(0, ...found.map(({ confidence }) => confidence)), echo: 0 };
}

/** The end of a piece counts, too: it is filled up with silence. */
function wholeChunks(pcm: Int16Array): Int16Array {
  const whole = new Int16Array(Math.ceil(pcm.length / CHUNK_SAMPLES) * CHUNK_SAMPLES);
  whole.set(pcm);
  return whole;
}
