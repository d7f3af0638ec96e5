import type { LedgerEntry, Wallet } from '@parley/contracts';
import type { PlannedWallet } from './wallets.ts';

/** A wallet as billing shows it, and what should be in it. */
export interface WalletEvidence {
  readonly planned: PlannedWallet;
  readonly wallet: Wallet;
  readonly entries: readonly LedgerEntry[];
  readonly toppedUpMicros: bigint;
  /** By the oracle, for all its calls. */
  readonly chargedMicros: bigint;
}

/** What is wrong with a wallet once all its calls are over. */
export function faultsOfWallet({ planned, wallet, entries, toppedUpMicros, chargedMicros }: WalletEvidence): string[] {
  const faults: string[] = [];
  const expect = (what: string, actual: unknown, expected: unknown) => {
    if (actual !== expected) faults.push(`${planned.accountId}/${planned.address}: ${what}: billing says ${String(actual)}, and it should be ${String(expected)}`);
  };
  expect('balance', wallet.balance?.micros, toppedUpMicros - chargedMicros);
  expect('held for calls that are over', wallet.reserved?.micros, 0n);
  let balanceMicros = 0n;
  entries.forEach(({ number, reason, amount, balanceAfter }, index) => {
    balanceMicros += (reason === 'top_up' ? 1n : -1n) * (amount?.micros ?? 0n);
    expect(`number of entry ${index}`, number, BigInt(index));
    expect(`balance after entry ${index}`, balanceAfter?.micros, balanceMicros);
    if (balanceMicros < 0n) faults.push(`${planned.accountId}/${planned.address}: below zero after entry ${index}`);
  });
  expect('balance after all entries', wallet.balance?.micros, balanceMicros);
  return faults;
}
