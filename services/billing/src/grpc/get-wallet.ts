import type { BillingServiceService } from '@parley/contracts';
import { parleyError } from '@parley/errors';
import type { HandlerOf } from '@parley/grpc';
import { walletIdOf } from '../domain/address.ts';
import type { WalletStore } from '../usecases/wallet-store.ts';
import { requireAddress, toWallet } from './convert.ts';
import type { Now } from './grant-command.ts';

export function getWalletHandler(wallets: WalletStore, now: Now): HandlerOf<BillingServiceService['getWallet']> {
  return async ({ address }, { identity }) => {
    const wallet = await wallets.find(walletIdOf(identity.accountId, requireAddress(address, 'address')));
    if (wallet === undefined) throw parleyError('not_found.wallet', 'no such wallet');
    return { wallet: toWallet(wallet, now()) };
  };
}
