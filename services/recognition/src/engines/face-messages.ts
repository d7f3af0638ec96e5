import type { FaceMeasurement } from '../domain/measurement.ts';

export interface FaceRequest {
  readonly id: number;
  readonly jpeg: Uint8Array;
  /** Digests of one key can be compared. */
  readonly key: string;
}

export type FaceReply =
  | { readonly type: 'ready' }
  | { readonly type: 'measured'; readonly id: number; readonly measurement: FaceMeasurement }
  | { readonly type: 'not_an_image'; readonly id: number; readonly why: string }
  | { readonly type: 'failed'; readonly id: number; readonly why: string };
