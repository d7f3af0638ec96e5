import type { Channel } from '../domain/finding.ts';

/** What an engine makes of one observation, as a function of that observation alone. */
export interface Recognised {
  readonly present: boolean;
  /** 0..1; 0 when nobody is there. */
  readonly confidence: number;
}

export interface FaceRecogniser {
  /**
   * Whether a face holds at least `minFaceAreaRatio` of the picture.
   * @throws ParleyError observation.not_an_image, observation.analysis_failed
   */
  recognise(jpeg: Uint8Array, minFaceAreaRatio: number): Promise<Recognised>;
}

export interface VoiceRecogniser {
  /**
   * Whether somebody speaks in 16 kHz mono samples.
   * @throws ParleyError observation.analysis_failed
   */
  recognise(pcm: Int16Array): Promise<Recognised>;
}

export interface TextRecogniser {
  recognise(text: string): Recognised;
}

/** One for each channel of claim 3. */
export interface Recognisers extends Record<Channel, unknown> {
  readonly face: FaceRecogniser;
  readonly voice: VoiceRecogniser;
  readonly text: TextRecogniser;
}

export const NOBODY: Recognised = { present: false, confidence: 0 };
