export { bytesFromPcm, durationMs, frames, pcmFromBytes, silence } from './pcm.ts';
export { SAMPLE_RATE_HZ } from './sample-rate.ts';
export { MAX_TEXT_LENGTH, synthesize, VOICES, type Voice } from './synthesize.ts';
export { CHUNK_SAMPLES } from './silero-messages.ts';
export { createVoiceDetector, type VoiceDetector, type VoiceStream } from './voice-detector.ts';
export { readWav } from './wav-file.ts';
export { segments, SILERO_RULE, type SegmentRule, type VoiceSegment } from './voice-segments.ts';
