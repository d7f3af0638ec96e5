import type { PinnedPolicy } from '../domain/observation.ts';

/** What an engine makes of one observation, as a function of that observation alone. */
export interface Recognised {
  readonly present: boolean;
  /** 0..1; 0 when nobody is there. */
  readonly confidence: number;
}

export interface Recogniser<Content> {
  /**
   * Refuses what cannot be used, before it waits for its turn.
   * @throws ParleyError observation.*
   */
  check(content: Content): void;
  /** @throws ParleyError observation.not_an_image, observation.analysis_failed */
  recognise(content: Content, policy: Pick<PinnedPolicy, 'minFaceAreaRatio'>): Promise<Recognised>;
}

/** One for each channel of claim 3. */
export interface Recognisers {
  /** A JPEG picture. */
  readonly face: Recogniser<Uint8Array>;
  /** 16 kHz mono PCM, signed 16 bit little-endian. */
  readonly voice: Recogniser<Uint8Array>;
  readonly text: Recogniser<string>;
}

export const NOBODY: Recognised = { present: false, confidence: 0 };
