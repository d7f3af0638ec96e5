import { lookup } from 'node:dns/promises';

/** All addresses, IPv4 and IPv6, of a name. */
export type Resolver = (host: string) => Promise<readonly string[]>;

/** As the system resolves names (hosts file, search domains). */
export const systemResolver: Resolver = async (host) => (await lookup(host, { all: true, order: 'verbatim' })).map(({ address }) => address);
