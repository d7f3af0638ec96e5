import { parleyError, type ParleyError } from '@parley/errors';
import { XMLParser, XMLValidator } from 'fast-xml-parser';
import type { XmlElement } from '../domain/twiml/element.ts';

/** TwiML is flat: a verb, a noun in it. */
const deepest = 8;

// Entities are decoded below: the parser would also take those that a DTD defines, and pass unknown ones through.
const parser = new XMLParser({
  preserveOrder: true,
  ignoreAttributes: false,
  attributeNamePrefix: '',
  parseTagValue: false,
  parseAttributeValue: false,
  trimValues: false,
  processEntities: false,
  ignoreDeclaration: true,
  ignorePiTags: true,
  cdataPropName: '#cdata',
});

/** With preserveOrder a node is an object with one key, its name, besides its attributes under `:@`. */
type Node = Readonly<Record<string, unknown>>;

/**
 * Reads an XML document. No DTD is taken, so that no entity expands.
 * @throws ParleyError instructions.invalid_twiml
 */
export function readXml(text: string): XmlElement {
  const xml = text.replace(/^\uFEFF/, '').trim();
  if (/<!(DOCTYPE|ENTITY)/i.test(xml)) throw invalid('it has a document type declaration');
  if (!xml.endsWith('>')) throw invalid('it is not an XML document');
  const [root, second] = elementsOf(parse(xml), 0);
  if (root === undefined || second !== undefined) throw invalid('it must have exactly one root element');
  return root;
}

function parse(xml: string): readonly Node[] {
  try {
    const verdict = XMLValidator.validate(xml);
    if (verdict !== true) throw invalid(`line ${verdict.err.line}: ${verdict.err.msg}`);
    return parser.parse(xml) as readonly Node[];
  } catch (cause) {
    throw cause instanceof Error && cause.name === 'ParleyError' ? cause : invalid('it cannot be parsed', cause);
  }
}

function elementsOf(nodes: readonly Node[], depth: number): XmlElement[] {
  if (depth > deepest) throw invalid('it is nested too deeply');
  return nodes.map((node) => elementOf(node, depth)).filter((element) => element !== undefined);
}

function elementOf(node: Node, depth: number): XmlElement | undefined {
  const name = nameOf(node);
  if (name === undefined || name.startsWith('#')) return undefined;
  const nodes = node[name] as readonly Node[];
  const attributes = Object.entries((node[':@'] ?? {}) as Record<string, string>).map(([key, value]) => [key, decoded(value)] as const);
  return {
    name,
    attributes: Object.fromEntries(attributes),
    children: elementsOf(nodes, depth + 1),
    text: nodes.map(textOf).join(''),
  };
}

function textOf(node: Node): string {
  if ('#text' in node) return decoded(String(node['#text']));
  if (!('#cdata' in node)) return '';
  return (node['#cdata'] as readonly Node[]).map((part) => String(part['#text'])).join('');
}

function nameOf(node: Node): string | undefined {
  return Object.keys(node).find((key) => key !== ':@');
}

const named: Readonly<Record<string, string>> = { lt: '<', gt: '>', amp: '&', quot: '"', apos: "'" };

function decoded(text: string): string {
  return text.replaceAll(/&([^;&\s]*;?)/g, (_, reference: string) => {
    const name = reference.endsWith(';') ? reference.slice(0, -1) : '';
    const code = /^#(\d{1,7})$/.exec(name)?.[1] ?? hex(name);
    const character = Object.hasOwn(named, name) ? named[name] : characterOf(Number(code));
    if (character === undefined) throw invalid('it refers to an entity that is not defined');
    return character;
  });
}

function hex(name: string): string {
  const digits = /^#x([\da-f]{1,6})$/i.exec(name)?.[1];
  return digits === undefined ? 'none' : `0x${digits}`;
}

/** XML 1.0 section 2.2: what a character may be. */
function characterOf(code: number): string | undefined {
  const allowed =
    code === 0x9 || code === 0xa || code === 0xd || (code >= 0x20 && code <= 0xd7ff) || (code >= 0xe000 && code <= 0xfffd) || (code >= 0x1_0000 && code <= 0x10_ffff);
  return allowed ? String.fromCodePoint(code) : undefined;
}

function invalid(why: string, cause?: unknown): ParleyError {
  return parleyError('instructions.invalid_twiml', `the document is not well-formed: ${why}`, { cause });
}
