/**
 * What an engine measured in one observation. Numbers only, and nothing that tells who somebody is: measurements are
 * published, so that anybody can judge them again and come to the same intervals.
 */
export type Measurement = FaceMeasurement | VoiceMeasurement | TextMeasurement;

export interface FaceMeasurement {
  readonly channel: 'face';
  /** Found in the picture. What follows is of the largest; 0 for all of it when there is none. */
  readonly faces: number;
  /** Of the detector, 0..1. */
  readonly score: number;
  /** The area of the hull of eyes, nose and mouth, as far as it lies inside of the picture, by the picture's (claim 5). */
  readonly areaRatio: number;
  /** Share of that hull which lies inside of the picture, 0..1. */
  readonly inside: number;
  /** Its middle, and the square root of its area: in thousandths of the picture's width. */
  readonly x: number;
  readonly y: number;
  readonly size: number;
  /** Pose of the head in whole degrees. */
  readonly yaw: number;
  readonly pitch: number;
  readonly roll: number;
  /** Coordinates of the face that no shift, zoom, rotation or tilt of a flat picture changes, in thousandths. */
  readonly shape: readonly number[];
  /** Equal for equal pictures of one call; tells nothing else of them. */
  readonly digest: string;
}

export interface VoiceMeasurement {
  readonly channel: 'voice';
  /** Speech in the piece, in milliseconds. */
  readonly speechMs: number;
  /** Of the speech, 0..1; 0 without. */
  readonly confidence: number;
  /** Share of the speech that is what was played at the other side coming back, 0..1; 0 if nothing played was supplied. */
  readonly echo: number;
}

export interface TextMeasurement {
  readonly channel: 'text';
  readonly kind: 'message' | 'typing';
  /** There is something to read in it. */
  readonly readable: boolean;
  /** Equal for equal texts of one call; tells nothing else of them. Empty for typing. */
  readonly digest: string;
}

export const NO_FACE: FaceMeasurement = { channel: 'face', faces: 0, score: 0, areaRatio: 0, inside: 0, x: 0, y: 0, size: 0, yaw: 0, pitch: 0, roll: 0, shape: [], digest: '' };
