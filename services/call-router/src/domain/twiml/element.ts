import { parleyError, type ParleyError } from '@parley/errors';

/** An XML element without namespaces; text outside of elements is `text`, joined. */
export interface XmlElement {
  readonly name: string;
  readonly attributes: Readonly<Record<string, string>>;
  readonly children: readonly XmlElement[];
  readonly text: string;
}

/** Absolute http(s) URL of the document, which its relative links start from. */
export interface DocumentContext {
  readonly baseUrl: string;
}

export function invalid(element: XmlElement, why: string): ParleyError {
  return parleyError('instructions.invalid_attribute', `<${element.name}> ${why}`);
}

/** What is neither known nor harmless is refused: a call that silently does half of what it was told is worse. */
export function allowAttributes(element: XmlElement, names: readonly string[]): void {
  const unknown = Object.keys(element.attributes).filter((name) => !names.includes(name));
  if (unknown.length > 0) throw invalid(element, `has unsupported attributes: ${unknown.join(', ')}`);
}

export function noContent(element: XmlElement): void {
  noChildren(element);
  if (element.text.trim() !== '') throw invalid(element, 'may have no text');
}

export function noChildren(element: XmlElement): void {
  const child = element.children[0];
  if (child !== undefined) throw parleyError('instructions.unknown_verb', `<${child.name}> is not supported inside <${element.name}>`);
}

/** A whole number within bounds. */
export function integerAttribute(element: XmlElement, name: string, fallback: number, { min, max }: { min: number; max: number }): number {
  const raw = element.attributes[name];
  if (raw === undefined) return fallback;
  const value = /^\s*\d{1,9}\s*$/.test(raw) ? Number(raw) : Number.NaN;
  if (!(value >= min && value <= max)) throw invalid(element, `${name} must be a whole number from ${min} to ${max}`);
  return value;
}

export function wordAttribute<const T extends string>(element: XmlElement, name: string, words: readonly [T, ...T[]]): T {
  const raw = element.attributes[name];
  if (raw === undefined) return words[0];
  const word = words.find((candidate) => candidate.toLowerCase() === raw.trim().toLowerCase());
  if (word === undefined) throw invalid(element, `${name} must be one of ${words.join(', ')}`);
  return word;
}
