import type { InferenceSession, Tensor } from 'onnxruntime-node';

/** One thread of computation a session: what runs at a time is decided by how many threads the engine has. */
export const sessionOptions: InferenceSession.SessionOptions = { intraOpNumThreads: 1, interOpNumThreads: 1, executionMode: 'sequential', graphOptimizationLevel: 'all' };

export function numbersOf(tensor: Tensor | undefined): Float32Array {
  if (!(tensor?.data instanceof Float32Array)) throw new TypeError('the model gave something other than numbers');
  return tensor.data;
}
