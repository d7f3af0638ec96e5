import { parleyError } from '@parley/errors';
import { CHUNK_SAMPLES, createVoiceDetector, durationMs, segments } from '@parley/speech';
import { NOBODY, type Recognised, type VoiceRecogniser } from '../usecases/recognisers.ts';

export interface VoiceEngine extends VoiceRecogniser {
  close(): Promise<void>;
}

const MIN_SPEECH_MS = 250;

/**
 * Hears speech with Silero. Each observation is heard by itself: were the detector to remember the one before, the same
 * observations, sent again after a restart, could give another result, and remembering over a restart would mean to store
 * what was heard. A piece of 300 ms or more is enough for it to find its bearings.
 */
export function createVoiceEngine(): VoiceEngine {
  const detector = createVoiceDetector();
  return {
    recognise: async (pcm) => {
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
function heard(probabilities: readonly number[], lengthMs: number): Recognised {
  const found = segments(probabilities, { minSpeechMs: Math.min(MIN_SPEECH_MS, lengthMs / 2) });
  if (found.length === 0) return NOBODY;
  return { present: true, confidence: Math.max(...found.map(({ confidence }) => confidence)) };
}

/** The end of a piece counts, too: it is filled up with silence. */
function wholeChunks(pcm: Int16Array): Int16Array {
  const whole = new Int16Array(Math.ceil(pcm.length / CHUNK_SAMPLES) * CHUNK_SAMPLES);
  whole.set(pcm);
  return whole;
}
