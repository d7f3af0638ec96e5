/** Samples that the model takes at a time: 32 ms. */
export const CHUNK_SAMPLES = 512;
/** Samples of the chunk before that go in front of each chunk; without them the model hears next to nothing. */
export const CONTEXT_SAMPLES = 64;
/** The model's recurrent state: 2 layers of 128. */
export const STATE_SIZE = 256;

/** What the model must know of the sound before a chunk. The worker keeps none of it. */
export interface SileroMemory {
  readonly context: Float32Array;
  readonly state: Float32Array;
}

export interface SileroRequest {
  readonly id: number;
  /** A whole number of chunks, -1..1. */
  readonly samples: Float32Array;
  readonly memory: SileroMemory;
}

export type SileroReply =
  | { readonly id: number; readonly probabilities: Float32Array; readonly memory: SileroMemory }
  | { readonly id: number; readonly failure: string };

export function freshMemory(): SileroMemory {
  return { context: new Float32Array(CONTEXT_SAMPLES), state: new Float32Array(STATE_SIZE) };
}
