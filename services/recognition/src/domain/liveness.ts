import type { FaceMeasurement } from './measurement.ts';
export interface LivenessState { readonly last: readonly number[]; readonly digest: string }
export const initialLiveness: LivenessState = { last: [], digest: '' };
export function observeFace(state: LivenessState, _atMs: number, face: FaceMeasurement): { readonly state: LivenessState; readonly sign: boolean; readonly replayed: boolean } {
  const sign = state.last.some((value, nth) => Math.abs(value - (face.shape[nth] ?? value)) > 50);
  return { state: { last: face.shape, digest: face.digest }, sign, replayed: face.digest !== '' && face.digest === state.digest };
}
