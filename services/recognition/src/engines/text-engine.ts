import { createHmac } from 'node:crypto';
import { parleyError } from '@parley/errors';
import type { TextMeasurement } from '../domain/measurement.ts';
import type { Recogniser, TextContent } from '../usecases/recognisers.ts';

/** Of the contract, in UTF-8. */
const MAX_BYTES = 4 * 1024;
/** Of a digest: texts of a call differ in it, but too many have the same for it to tell which. */
const DIGEST_BYTES = 4;

const INVISIBLE = /[\s\p{C}]+/gu;

const TYPING: TextMeasurement = { channel: 'text', kind: 'typing', readable: false, digest: '' };

/** Of the texts of one call: there is something to read in one that has more than white space and invisible characters. */
export function createTextEngine(callId: string): Recogniser<TextContent, TextMeasurement> {
  return {
    check: (content) => {
      const bytes = content.kind === 'message' ? Buffer.byteLength(content.text) : 0;
      if (bytes > MAX_BYTES) throw parleyError('observation.text_too_large', `${bytes} bytes of text; at most ${MAX_BYTES}`);
    },
    measure: (content) => Promise.resolve(content.kind === 'typing' ? TYPING : measured(content.text, callId)),
  };
}

function measured(text: string, callId: string): TextMeasurement {
  const visible = text.replace(INVISIBLE, '');
  const digest = createHmac('sha256', callId).update(visible.normalize('NFKC').toLowerCase()).digest().toString('hex', 0, DIGEST_BYTES);
  return { channel: 'text', kind: 'message', readable: visible !== '', digest };
}
