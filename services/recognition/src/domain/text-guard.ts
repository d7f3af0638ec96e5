import type { TextMeasurement } from './measurement.ts';
export interface TextGuardState { readonly n: number }
export const initialTextGuard: TextGuardState = { n: 0 };
export function judgeText(state: TextGuardState, _atMs: number, text: TextMeasurement): { readonly state: TextGuardState; readonly counts: boolean } {
  return { state, counts: text.readable };
}
