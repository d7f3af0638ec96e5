import type { IndexDeclaration } from '@parley/store';

/** Everything on the way of an event goes by `_id`; these serve takeovers, the search for what a crash or a paused replica left behind, and exports. */
export const indexes: readonly IndexDeclaration[] = [
  { collection: 'charges', keys: { partition: 1, isOpen: 1 } },
  { collection: 'charges', keys: { partition: 1, pending: 1 } },
  { collection: 'charges', keys: { accountId: 1 } },
  { collection: 'charges', keys: { isOwing: 1 } },
  { collection: 'wallets', keys: { pending: 1 } },
  { collection: 'wallets', keys: { 'wallet.accountId': 1 } },
  { collection: 'wallets', keys: { isHolding: 1 } },
  { collection: 'policies', keys: { pending: 1 } },
  { collection: 'accounts', keys: { pending: 1 } },
];
