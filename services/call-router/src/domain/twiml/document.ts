import { parleyError } from '@parley/errors';
import { noContent, type DocumentContext, type XmlElement } from './element.ts';
import { isVerbName, verbDefinition } from './verb-table.ts';
import type { Verb } from './verb.ts';

/** A call keeps its document in its state, and stores that with each event. */
const mostVerbs = 500;

/**
 * The verbs of a TwiML document, in order. Strict: what is not supported is an error, never silence.
 * @throws ParleyError instructions.invalid_twiml (no <Response>), instructions.unknown_verb, instructions.invalid_attribute,
 * instructions.too_many
 */
export function parseDocument(root: XmlElement, context: DocumentContext): Verb[] {
  if (root.name !== 'Response') throw parleyError('instructions.invalid_twiml', `the document is <${root.name}>, not <Response>`);
  noContent({ ...root, children: [] });
  if (root.children.length > mostVerbs) throw parleyError('instructions.too_many', `the document has more than ${mostVerbs} verbs`);
  return root.children.map((element) => {
    if (!isVerbName(element.name)) throw parleyError('instructions.unknown_verb', `<${element.name}> is not a supported verb`);
    return verbDefinition(element.name).parse(element, context);
  });
}
