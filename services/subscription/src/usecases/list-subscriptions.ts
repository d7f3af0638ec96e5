import { invalidArgument } from '@parley/errors';
import { page, type Subscription } from '../domain/account-subscriptions.ts';
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

/**
 * In the order of their creation; one that is made or deleted in between disturbs no page.
 * @throws ParleyError `request.invalid_argument`
 */
export async function listSubscriptions(accounts: AccountStore, { accountId, pageSize, pageToken }: ListSubscriptions): Promise<SubscriptionPage> {
  if (pageSize < 0) throw invalidArgument([{ field: 'page_size', description: 'is negative' }]);
  const size = pageSize === 0 ? largestPage : Math.min(pageSize, largestPage);
  const { subscriptions, next } = page(await accounts.find(accountId), decodeToken(pageToken), size);
  return { subscriptions, nextPageToken: next === undefined ? '' : encodeToken(next) };
}

function encodeToken(after: number): string {
  return Buffer.from(String(after)).toString('base64url');
}

function decodeToken(token: string): number {
  if (token === '') return 0;
  const text = Buffer.from(token, 'base64url').toString();
  if (!/^\d{1,15}$/.test(text)) throw invalidArgument([{ field: 'page_token', description: 'is not one that this system made' }]);
  return Number(text);
}
