import { CHUNK_SAMPLES } from './silero-messages.ts';
import { SAMPLE_RATE_HZ } from './sample-rate.ts';

const CHUNK_MS = (CHUNK_SAMPLES * 1000) / SAMPLE_RATE_HZ;

/** Speech, half-open [fromMs, toMs) from the first chunk's start. */
export interface VoiceSegment {
  readonly fromMs: number;
  readonly toMs: number;
  /** Mean probability of its chunks, 0..1. */
  readonly confidence: number;
}

export interface SegmentRule {
  /** Speech starts at this probability ... */
  readonly threshold: number;
  /** ... and goes on until it falls below this one ... */
  readonly negativeThreshold: number;
  /** ... for so long. */
  readonly minSilenceMs: number;
  /** Anything shorter is not speech. */
  readonly minSpeechMs: number;
}

/** The values that Silero's authors recommend. */
export const SILERO_RULE: SegmentRule = { threshold: 0.5, negativeThreshold: 0.35, minSilenceMs: 100, minSpeechMs: 250 };

/** Where somebody speaks, given the probability of each 32 ms chunk. */
export function segments(probabilities: readonly number[], rule: Partial<SegmentRule> = {}): VoiceSegment[] {
  const { threshold, negativeThreshold, minSilenceMs, minSpeechMs } = { ...SILERO_RULE, ...rule };
  const found: VoiceSegment[] = [];
  let start: number | undefined;
  let quietFrom: number | undefined;
  const end = (at: number): void => {
    if (start !== undefined && (at - start) * CHUNK_MS >= minSpeechMs) found.push(segment(probabilities, start, at));
    start = undefined;
    quietFrom = undefined;
  };
  probabilities.forEach((probability, chunk) => {
    if (probability >= threshold) {
      start ??= chunk;
      quietFrom = undefined;
    } else if (start !== undefined && probability < negativeThreshold) {
      quietFrom ??= chunk;
      if ((chunk + 1 - quietFrom) * CHUNK_MS >= minSilenceMs) end(quietFrom);
    }
  });
  end(quietFrom ?? probabilities.length);
  return found;
}

function segment(probabilities: readonly number[], from: number, to: number): VoiceSegment {
  const sum = probabilities.slice(from, to).reduce((total, probability) => total + probability, 0);
  return { fromMs: from * CHUNK_MS, toMs: to * CHUNK_MS, confidence: sum / (to - from) };
}
