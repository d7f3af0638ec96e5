import { parleyError, type ParleyError } from '@parley/errors';
import { attributeNames, count, currentTraceparent, timed, traceparentHeader, withSpan } from '@parley/telemetry';
import { Agent } from 'undici';
import { asEgressError } from './egress-error.ts';
import { exchange } from './exchange.ts';
import { pinningConnector } from './pinning-connector.ts';
import { systemResolver, type Resolver } from './resolver.ts';
import { startTimeLimits, type TimeLimits, type Timeouts } from './time-limits.ts';
import { allowList, bareHost, checkUrl } from './url-check.ts';

export type EgressMethod = 'GET' | 'POST';

/** One request of a chain of redirects. */
export interface Hop {
  readonly url: string;
  readonly method: EgressMethod;
  /** Empty on a GET that a redirect made of a POST. */
  readonly body: string;
}

export interface EgressRequest {
  readonly url: string;
  readonly method: EgressMethod;
  /** The same for each hop, or made for each: a signature over the URL has to be. */
  readonly headers?: Readonly<Record<string, string>> | ((hop: Hop) => Readonly<Record<string, string>>);
  readonly body?: string;
  readonly timeouts?: Timeouts;
  /** Default 64 KiB. */
  readonly maxBytes?: number;
  /** What an answer that has more is: refused as a whole (the default), or cut off there, for who wants its beginning only. */
  readonly excess?: 'refuse' | 'cut';
  /** How many redirects are followed; default 0: a 3xx is an answer like any other. */
  readonly redirects?: number;
  readonly signal?: AbortSignal;
}

export interface EgressResponse {
  readonly status: number;
  /** Names in lower case; repeated ones joined by a comma. */
  readonly headers: Readonly<Record<string, string>>;
  readonly body: Buffer;
  /** Of the hop that answered. */
  readonly url: string;
}

export interface EgressOptions {
  /** `host:port` that may be reached although it is not public; for local work. */
  readonly allow?: readonly string[];
  readonly resolve?: Resolver;
  /** Default 5 s. */
  readonly connectMs?: number;
  /** Certificate authorities instead of the usual ones, for tests. */
  readonly tls?: { readonly ca: string };
}

/** HTTP to URLs that tenants set. */
export interface Egress {
  /** @throws ParleyError egress.*; any HTTP status is an answer and no error */
  request(request: EgressRequest): Promise<EgressResponse>;
  /** For validation when a tenant sets a URL. @throws ParleyError egress.invalid_url, egress.forbidden_address */
  checkUrl(url: string): void;
  close(): Promise<void>;
}

export function createEgress({ allow = [], resolve = systemResolver, connectMs = 5_000, tls }: EgressOptions = {}): Egress {
  const allowed = allowList(allow);
  const agent = new Agent({
    connect: pinningConnector({ allowed, resolve, connectMs, ...(tls === undefined ? {} : { tls }) }),
    headersTimeout: 0, // ours are exact, undici's are not
    bodyTimeout: 0,
    maxHeaderSize: 16_384,
  });
  const check = (url: string): URL => checkUrl(url, allowed);
  return {
    request: (request) => observed(request, () => followed(agent, check, request)),
    checkUrl: (url) => void check(url),
    close: () => agent.destroy(),
  };
}

function observed(request: EgressRequest, work: () => Promise<EgressResponse>): Promise<EgressResponse> {
  const outcome = (text: string): void => count('parley.egress.requests', 1, { [attributeNames.outcome]: text });
  return withSpan(
    `HTTP ${request.method}`,
    { [attributeNames.httpMethod]: request.method },
    async (span) => {
      try {
        const response = await timed('parley.egress.duration', {}, work);
        span.setAttribute(attributeNames.httpStatus, response.status);
        outcome(`${Math.floor(response.status / 100)}xx`);
        return response;
      } catch (error) {
        outcome((error as ParleyError).code);
        throw error;
      }
    },
    { kind: 'client' },
  );
}

async function followed(agent: Agent, check: (url: string) => URL, request: EgressRequest): Promise<EgressResponse> {
  const limits = startTimeLimits(request.timeouts ?? {}, request.signal);
  try {
    let hop: Hop = { url: request.url, method: request.method, body: request.body ?? '' };
    for (let left = request.redirects ?? 0; ; left -= 1) {
      const response = await once(agent, check(hop.url), hop, request, limits);
      const location = redirectTarget(response);
      if (location === undefined || (request.redirects ?? 0) === 0) {
        return response;
      }
      if (left === 0) {
        throw parleyError('egress.too_many_redirects', `there were more than ${request.redirects} redirects`);
      }
      hop = nextHop(hop, response.status, location);
    }
  } catch (error) {
    throw asEgressError(limits.passed ?? error);
  } finally {
    limits.dispose();
  }
}

function redirectTarget({ status, headers }: EgressResponse): string | undefined {
  return [301, 302, 303, 307, 308].includes(status) ? headers['location'] : undefined;
}

/** RFC 9110, 15.4: 307 and 308 keep method and body, after the others browsers and Twilio go on with GET. */
function nextHop(hop: Hop, status: number, location: string): Hop {
  if (!URL.canParse(location, hop.url)) {
    throw parleyError('egress.protocol_error', 'the answer redirects to something that is not a URL');
  }
  const url = new URL(location, hop.url).href;
  return status === 307 || status === 308 ? { ...hop, url } : { url, method: 'GET', body: '' };
}

async function once(agent: Agent, url: URL, hop: Hop, request: EgressRequest, limits: TimeLimits): Promise<EgressResponse> {
  const traceparent = currentTraceparent();
  const { maxBytes = 65_536, excess = 'refuse' } = request;
  const answer = await exchange(
    agent,
    {
      origin: url.origin,
      path: `${url.pathname}${url.search}`,
      method: hop.method,
      headers: {
        'user-agent': 'Parley',
        accept: '*/*',
        ...(traceparent === undefined ? {} : { [traceparentHeader]: traceparent }),
        ...headersOf(request, hop, url),
      },
      ...(hop.method === 'GET' ? {} : { body: hop.body }),
    },
    { limits, maxBytes, excess, host: bareHost(url) },
  );
  return { ...answer, url: hop.url };
}

/** Fixed headers: after a redirect credentials do not go to another origin, and a body's headers not without the body. */
function headersOf({ headers = {}, url: first }: EgressRequest, hop: Hop, url: URL): Readonly<Record<string, string>> {
  if (typeof headers === 'function') {
    return headers(hop);
  }
  if (hop.url === first) return headers;
  const foreign = new URL(first).origin !== url.origin;
  return Object.fromEntries(
    Object.entries(headers).filter(([name]) => {
      const secret = /^(authorization|cookie|proxy-authorization)$|signature/i.test(name);
      return !(foreign && secret) && !(hop.method === 'GET' && /^content-/i.test(name));
    }),
  );
}
