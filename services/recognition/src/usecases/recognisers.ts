import type { FaceMeasurement, Measurement, TextMeasurement, VoiceMeasurement } from '../domain/measurement.ts';

/** What an engine makes of one kind of observations of one stream. */
export interface Recogniser<Content, Measured extends Measurement> {
  /**
   * Refuses what cannot be used, before it waits for its turn.
   * @throws ParleyError observation.*
   */
  check(content: Content): void;
  /**
   * @param atMs media time, as the device gave it
   * @throws ParleyError observation.not_an_image, observation.analysis_failed
   */
  measure(content: Content, atMs: number): Promise<Measured>;
}

/** Sound of the counterpart: 16 kHz mono PCM, signed 16 bit little-endian. */
export interface VoiceContent {
  readonly pcm: Uint8Array;
  /** What the device sent to the counterpart during the same time; undefined if unknown. */
  readonly sentPcm: Uint8Array | undefined;
}

export type TextContent = { readonly kind: 'message'; readonly text: string } | { readonly kind: 'typing' };

/** One for each channel of claim 3. */
export interface Recognisers {
  /** A JPEG picture. */
  readonly face: Recogniser<Uint8Array, FaceMeasurement>;
  readonly voice: Recogniser<VoiceContent, VoiceMeasurement>;
  readonly text: Recogniser<TextContent, TextMeasurement>;
}

/** Those of one stream of observations of a call. */
export type OpenRecognisers = (callId: string) => Recognisers;
