import { parleyError } from '@parley/errors';
import type { TextMeasurement } from '../domain/measurement.ts';
import type { Recogniser } from '../usecases/recognisers.ts';

/** Of the contract, in UTF-8. */
const MAX_BYTES = 4 * 1024;

/** A text counts when there is something to read in it: more than white space and invisible characters. */
export function createTextEngine(): Recogniser<string, TextMeasurement> {
  return {
    check: (text) => {
      const bytes = Buffer.byteLength(text);
      if (bytes > MAX_BYTES) throw parleyError('observation.text_too_large', `${bytes} bytes of text; at most ${MAX_BYTES}`);
    },
    measure: (text) => Promise.resolve({ channel: 'text', kind: 'message', readable: /[^\s\p{C}]/u.test(text), digest: '' }),
  };
}
