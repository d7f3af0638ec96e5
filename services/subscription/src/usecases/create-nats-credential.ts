import { downstreamConsumerName } from '@parley/bus';
import { invalidArgument, parleyError } from '@parley/errors';
import { find } from '../domain/account-subscriptions.ts';
import type { Subscription } from '../domain/subscription.ts';
import type { AccountStore } from './account-store.ts';
import type { Credential, CredentialIssuer } from './credential-issuer.ts';

export interface CreateNatsCredential {
  readonly accountId: string;
  readonly subscriptionId: string;
  /** Undefined: as long as usual. */
  readonly lifetimeS: number | undefined;
}

export interface CreateNatsCredentialPorts {
  readonly accounts: Pick<AccountStore, 'find'>;
  readonly credentials: CredentialIssuer;
}

export interface CreatedCredential extends Credential {
  readonly subscription: Subscription;
  readonly consumerName: string;
  readonly expireTimeS: number;
}

const defaultLifetimeS = 30 * 24 * 3600;
const shortestLifetimeS = 60;
const longestLifetimeS = 366 * 24 * 3600;

/**
 * Makes a login for the consumers of a NATS sink. It is stored nowhere: it works until it expires, as long as the
 * subscription is there.
 * @throws ParleyError `not_found.subscription`, `subscription.invalid_sink`, `request.invalid_argument`
 */
export async function createNatsCredential(ports: CreateNatsCredentialPorts, command: CreateNatsCredential): Promise<CreatedCredential> {
  const { accountId, subscriptionId, lifetimeS = defaultLifetimeS } = command;
  if (!(lifetimeS >= shortestLifetimeS && lifetimeS <= longestLifetimeS)) {
    throw invalidArgument([{ field: 'lifetime', description: `has to be ${shortestLifetimeS} s to ${longestLifetimeS} s` }]);
  }
  const subscription = find(await ports.accounts.find(accountId), subscriptionId);
  if (subscription.sink.kind !== 'nats') throw parleyError('subscription.invalid_sink', 'only a NATS sink is read with a credential');
  const consumerName = downstreamConsumerName(accountId, subscriptionId);
  const expireTimeS = Math.floor(Date.now() / 1_000 + lifetimeS);
  return { ...(await ports.credentials.issue(consumerName, expireTimeS)), subscription, consumerName, expireTimeS };
}
