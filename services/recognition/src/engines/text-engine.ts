import { NOBODY, type TextRecogniser } from '../usecases/recognisers.ts';

/** A text counts when there is something to read in it: more than white space and invisible characters. */
export function createTextEngine(): TextRecogniser {
  return { recognise: (text) => (/[^\s\p{C}]/u.test(text) ? { present: true, confidence: 1 } : NOBODY) };
}
