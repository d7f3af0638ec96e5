import { isIP, type Socket } from 'node:net';
import { ParleyError, parleyError } from '@parley/errors';
import { buildConnector } from 'undici';
import { isPublicAddress } from './public-address.ts';
import type { Resolver } from './resolver.ts';
import { forbidden, type AllowList } from './url-check.ts';

type ConnectOptions = buildConnector.Options;
type Connector = buildConnector.connector;

/**
 * Opens connections for undici. The name is resolved here, every address is checked, and the connection goes to one of
 * the addresses that were checked: nothing is resolved a second time, so a name that changes its mind (DNS rebinding)
 * gains nothing. SNI, certificate check and Host keep the name.
 */
export function pinningConnector({ allowed, resolve, connectMs, tls }: {
  readonly allowed: AllowList;
  readonly resolve: Resolver;
  readonly connectMs: number;
  /** Certificate authorities instead of the usual ones, for tests. */
  readonly tls?: { readonly ca: string };
}): Connector {
  const base = buildConnector({ timeout: connectMs, allowH2: false, ...tls });
  return (options, callback) => {
    const answer = async (): Promise<void> => {
      let socket: Socket;
      try {
        socket = await connect(options, { allowed, resolve: (host) => bounded(resolve(host), connectMs), base });
      } catch (error) {
        callback(error as Error, null);
        return;
      }
      callback(null, socket);
    };
    void answer();
  };
}

interface Means {
  readonly allowed: AllowList;
  readonly resolve: Resolver;
  readonly base: Connector;
}

async function connect(options: ConnectOptions, means: Means): Promise<Socket> {
  const host = options.hostname.replace(/^\[|\]$/g, '').replace(/\.$/, '');
  const addresses = await checkedAddresses(host, options, means);
  const servername = isIP(host) === 0 ? { servername: host } : {};
  let failure: unknown;
  for (const hostname of addresses) {
    try {
      return await connectOnce(means.base, { ...options, ...servername, hostname });
    } catch (error) {
      failure = error;
    }
  }
  throw failure;
}

async function checkedAddresses(host: string, { hostname, protocol, port }: ConnectOptions, { allowed, resolve }: Means): Promise<readonly string[]> {
  const addresses = isIP(host) === 0 ? await resolved(host, resolve) : [host];
  const usedPort = port === '' ? (protocol === 'https:' ? '443' : '80') : port;
  if (!allowed.has(`${hostname.replace(/\.$/, '')}:${usedPort}`) && !addresses.every(isPublicAddress)) {
    throw forbidden();
  }
  return addresses;
}

async function resolved(host: string, resolve: Resolver): Promise<readonly string[]> {
  try {
    const addresses = await resolve(host);
    if (addresses.length > 0) {
      return addresses;
    }
  } catch (error) {
    throw error instanceof ParleyError ? error : parleyError('egress.dns_failed', 'the host name cannot be resolved', { cause: error });
  }
  throw parleyError('egress.dns_failed', 'the host name has no address');
}

function connectOnce(base: Connector, options: ConnectOptions): Promise<Socket> {
  return new Promise((resolve, reject) => {
    base(options, (error, socket) => {
      if (error === null) {
        resolve(socket);
      } else {
        reject(error);
      }
    });
  });
}

/** A name server that does not answer must not hold the connection up for longer than a peer that does not. */
async function bounded<T>(work: Promise<T>, ms: number): Promise<T> {
  const { promise: late, reject } = Promise.withResolvers<never>();
  const timer = setTimeout(() => reject(parleyError('egress.connect_timeout', 'the host name took too long to resolve')), ms).unref();
  try {
    return await Promise.race([work, late]);
  } finally {
    clearTimeout(timer);
  }
}
