import { invalidArgument } from '@parley/errors';
import { page } from '../domain/account-subscriptions.ts';
import type { Subscription } from '../domain/subscription.ts';
import type { AccountStore } from './account-store.ts';

export interface ListSubscriptions {
  readonly accountId: string;
  /** 0: as many as fit a page. */
  readonly pageSize: number;
  /** Of the page before; empty for the first. */
  readonly pageToken: string;
}

export interface SubscriptionPage {
  readonly subscriptions: readonly Subscription[];
  /** Empty on the last page. */
  readonly nextPageToken: string;
}

const largestPage = 100;
const longestToken = 256;

/**
 * In the order of their creation; one that is made or deleted in between disturbs no page.
 * @throws ParleyError `request.invalid_argument`
 */
export async function listSubscriptions(accounts: AccountStore, { accountId, pageSize, pageToken }: ListSubscriptions): Promise<SubscriptionPage> {
  if (pageSize < 0) throw invalidArgument([{ field: 'page_size', description: 'is negative' }]);
  const size = pageSize === 0 ? largestPage : Math.min(pageSize, largestPage);
  const after = decodeToken(accountId, pageToken);
  const { subscriptions, next } = page(await accounts.find(accountId), after, size);
  return { subscriptions, nextPageToken: next === undefined ? '' : encodeToken(accountId, next) };
}

function encodeToken(accountId: string, after: number): string {
  return Buffer.from(`${accountId}/${after}`).toString('base64url');
}

/** One of another account says nothing here, and whoever sends it is mistaken. */
function decodeToken(accountId: string, token: string): number {
  if (token === '') return 0;
  const text = token.length > longestToken ? '' : Buffer.from(token, 'base64url').toString();
  const after = text.startsWith(`${accountId}/`) ? text.slice(accountId.length + 1) : '';
  if (!/^\d{1,15}$/.test(after)) throw invalidArgument([{ field: 'page_token', description: 'is not one that this system made for the account' }]);
  return Number(after);
}
