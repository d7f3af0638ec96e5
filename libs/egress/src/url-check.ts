import { isIP } from 'node:net';
import { parleyError } from '@parley/errors';
import { isPublicAddress } from './public-address.ts';

const longestUrl = 2_048;

/** Hosts that may be reached although they are not public, as `host:port`; for local work. */
export type AllowList = ReadonlySet<string>;

/** @throws ParleyError config.invalid for an entry that is not `host:port` */
export function allowList(entries: readonly string[]): AllowList {
  for (const entry of entries) {
    if (!/^(\[[\da-f:.]+\]|[a-z0-9.-]+):\d{1,5}$/.test(entry)) {
      throw parleyError('config.invalid', `${JSON.stringify(entry)} is not host:port in lower case`);
    }
  }
  return new Set(entries);
}

/** The host of a URL without an IPv6 literal's brackets and a final dot. */
export function bareHost(url: URL): string {
  return url.hostname.replace(/^\[|\]$/g, '').replace(/\.$/, '');
}

/** `host:port` of a URL, the port always there: what AllowList holds. */
export function hostPort(url: URL): string {
  return `${url.hostname.replace(/\.$/, '')}:${portOf(url)}`;
}

function portOf(url: URL): string {
  if (url.port !== '') {
    return url.port;
  }
  return url.protocol === 'https:' ? '443' : '80';
}

/**
 * What can be said of a URL without resolving its name; for validation when a tenant sets it, and before each request.
 * Numeric, octal and hexadecimal hosts become addresses here, as the URL standard reads them.
 * @throws ParleyError egress.invalid_url, egress.forbidden_address
 */
export function checkUrl(text: string, allowed: AllowList): URL {
  if (text.length > longestUrl) {
    throw parleyError('egress.invalid_url', `the URL is longer than ${longestUrl} characters`);
  }
  const url = parseUrl(text);
  if (url.protocol !== 'http:' && url.protocol !== 'https:') {
    throw parleyError('egress.invalid_url', 'the URL has to be http or https');
  }
  if (url.username !== '' || url.password !== '') {
    throw parleyError('egress.invalid_url', 'the URL must not hold credentials');
  }
  if (url.port === '0') {
    throw parleyError('egress.invalid_url', 'the URL has no port that can be connected to');
  }
  const host = bareHost(url);
  if (!allowed.has(hostPort(url)) && (isLocalName(host) || (isIP(host) !== 0 && !isPublicAddress(host)))) {
    throw forbidden();
  }
  return url;
}

export function forbidden(): Error {
  return parleyError('egress.forbidden_address', 'the URL leads to an address that is not public');
}

function parseUrl(text: string): URL {
  try {
    return new URL(text);
  } catch (error) {
    throw parleyError('egress.invalid_url', 'the URL cannot be read', { cause: error });
  }
}

/** Names that never mean a public host (RFC 6761, RFC 6762, and the usual names of cluster networks). */
function isLocalName(host: string): boolean {
  return /(^|\.)(localhost|local|internal|svc|home\.arpa)$/.test(host);
}
