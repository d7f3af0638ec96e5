import type { Egress, EgressResponse, Hop } from '@parley/egress';
import { isParleyError, type ErrorCode } from '@parley/errors';
import type { DocumentLink } from '../domain/twiml/verb.ts';
import { signatureHeader, twilioSignature } from './twilio-signature.ts';

const mostRedirects = 5;
/** Twilio's: https://www.twilio.com/docs/usage/webhooks/webhooks-connection-overrides */
const timeouts = { readMs: 15_000, totalMs: 15_000 };

export interface ApplicationRequest {
  readonly link: DocumentLink;
  readonly parameters: Readonly<Record<string, string>>;
  /** Of the application: Twilio's AuthToken. */
  readonly signingKey: string;
  readonly maxBytes: number;
  readonly signal: AbortSignal;
}

/**
 * Asks an application server as Twilio does: form parameters, signed for each hop, five redirects at most, one retry
 * when no connection came about.
 * @throws ParleyError egress.*; any HTTP status is an answer
 */
export async function askApplication(egress: Egress, request: ApplicationRequest): Promise<EgressResponse> {
  const { link, parameters, signingKey, maxBytes, signal } = request;
  const isPost = link.method === 'POST';
  const url = isPost ? link.url : withQuery(link.url, parameters);
  const body = isPost ? new URLSearchParams(parameters).toString() : '';
  const headers = (hop: Hop) => hopHeaders(hop, parameters, signingKey);
  const ask = () => egress.request({ url, method: link.method, headers, body, timeouts, maxBytes, redirects: mostRedirects, signal });
  try {
    return await ask();
  } catch (error) {
    if (isParleyError(error) && notConnected.has(error.code) && !signal.aborted) return ask();
    throw error;
  }
}

const notConnected: ReadonlySet<ErrorCode> = new Set(['egress.connect_failed', 'egress.connect_timeout', 'egress.dns_failed']);

function hopHeaders({ url, method, body }: Hop, parameters: Readonly<Record<string, string>>, signingKey: string): Record<string, string> {
  const form = method === 'POST' && body !== '' ? parameters : {};
  return {
    accept: 'text/xml, application/xml, text/html;q=0.5, */*;q=0.1',
    [signatureHeader]: twilioSignature(signingKey, new URL(url).href, form),
    ...(method === 'POST' ? { 'content-type': 'application/x-www-form-urlencoded; charset=UTF-8' } : {}),
  };
}

function withQuery(link: string, parameters: Readonly<Record<string, string>>): string {
  const url = new URL(link);
  for (const [name, value] of Object.entries(parameters)) url.searchParams.append(name, value);
  return url.href;
}
