import { parleyError } from '@parley/errors';
import { parseDocument } from '../domain/twiml/document.ts';
import type { Verb } from '../domain/twiml/verb.ts';
import { readXml } from './xml-document.ts';

/** The most that is read of a document, in bytes. */
export const mostDocumentBytes = 64 * 1024;

/**
 * The verbs of a TwiML document.
 * @param baseUrl what its relative links start from
 * @throws ParleyError instructions.too_large, instructions.invalid_twiml, instructions.unknown_verb,
 * instructions.invalid_attribute
 */
export function readTwiml(text: string | Uint8Array, baseUrl: string): Verb[] {
  const bytes = typeof text === 'string' ? Buffer.byteLength(text) : text.length;
  if (bytes > mostDocumentBytes) throw parleyError('instructions.too_large', `the document has more than ${mostDocumentBytes} bytes`);
  return parseDocument(readXml(typeof text === 'string' ? text : utf8(text)), { baseUrl });
}

function utf8(bytes: Uint8Array): string {
  try {
    return new TextDecoder('utf-8', { fatal: true }).decode(bytes);
  } catch (cause) {
    throw parleyError('instructions.invalid_twiml', 'the document is not UTF-8', { cause });
  }
}
