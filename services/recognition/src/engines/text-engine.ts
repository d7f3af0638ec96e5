import { parleyError } from '@parley/errors';
import { NOBODY, type Recogniser } from '../usecases/recognisers.ts';

/** Of the contract, in UTF-8. */
const MAX_BYTES = 4 * 1024;

/** A text counts when there is something to read in it: more than white space and invisible characters. */
export function createTextEngine(): Recogniser<string> {
  return {
    check: (text) => {
      const bytes = Buffer.byteLength(text);
      if (bytes > MAX_BYTES) throw parleyError('observation.text_too_large', `${bytes} bytes of text; at most ${MAX_BYTES}`);
    },
    recognise: (text) => Promise.resolve(/[^\s\p{C}]/u.test(text) ? { present: true, confidence: 1 } : NOBODY),
  };
}
