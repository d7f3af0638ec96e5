import type { BillingServiceService } from '@parley/contracts';
import { invalidArgument, parleyError } from '@parley/errors';
import type { HandlerOf } from '@parley/grpc';
import { toLedgerEntry } from '../bus/convert.ts';
import { walletIdOf } from '../domain/address.ts';
import type { WalletStore } from '../usecases/wallet-store.ts';
import { requireAddress } from './convert.ts';

const defaultPageSize = 50;
const largestPageSize = 200;

/** Oldest first. The page token is the number of the next entry: the ledger only grows, so that it never goes stale. */
export function listLedgerEntriesHandler(wallets: WalletStore): HandlerOf<BillingServiceService['listLedgerEntries']> {
  return async ({ address, pageSize, pageToken }, { identity }) => {
    const walletId = walletIdOf(identity.accountId, requireAddress(address, 'address'));
    const limit = Math.min(pageSize > 0 ? pageSize : defaultPageSize, largestPageSize);
    const fromNumber = startOf(pageToken);
    const wallet = await wallets.find(walletId);
    if (wallet === undefined) throw parleyError('not_found.wallet', 'no such wallet');
    const entries = await wallets.entries(walletId, fromNumber, limit);
    const next = fromNumber + BigInt(entries.length);
    return { entries: entries.map(toLedgerEntry), nextPageToken: next < wallet.nextEntry ? next.toString() : '' };
  };
}

function startOf(pageToken: string): bigint {
  if (pageToken === '') return 0n;
  if (!/^\d{1,18}$/.test(pageToken)) throw invalidArgument([{ field: 'page_token', description: 'is not one that was given out' }]);
  return BigInt(pageToken);
}
