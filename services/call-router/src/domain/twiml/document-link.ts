import { invalid, wordAttribute, type DocumentContext, type XmlElement } from './element.ts';
import type { DocumentLink } from './verb.ts';

/** A link with the element's `method` (POST unless it says GET). An empty one is the document itself, as TwiML has it. */
export function documentLink(element: XmlElement, href: string, { baseUrl }: DocumentContext): DocumentLink {
  const url = URL.parse(href.trim(), baseUrl);
  if (url === null || (url.protocol !== 'http:' && url.protocol !== 'https:')) throw invalid(element, 'has a URL that is not http or https');
  // Twilio's connection overrides (#rc=2&rp=all) are for the client, never for the server; they are not supported.
  url.hash = '';
  return { url: url.href, method: wordAttribute(element, 'method', ['POST', 'GET']) };
}
