import type { CreditLimitCommand } from '../domain/credit-limit.ts';
import type { HoldRequest, LedgerEntry, Posting, Wallet } from '../domain/wallet.ts';

export interface WalletOwner {
  readonly walletId: string;
  readonly accountId: string;
}

/** What became of a hold. */
export interface HoldResult {
  /** Media time through which the wallet holds enough. */
  readonly grantedMs: bigint;
  /** The balance did not cover all that was asked for. */
  readonly isShort: boolean;
  readonly availableMicros: bigint;
}

/** What has expired by the time of a change is booked with it, as entries of their own. */
export interface WalletStore {
  find(walletId: string): Promise<Wallet | undefined>;
  /**
   * Books a posting once: the same key again gives the entry of the first time. A top-up opens a wallet that is not there.
   * @throws ParleyError `request.idempotency_conflict` for the key of another posting, `not_found.wallet`, and those of the
   *   domain's `post`.
   */
  post(owner: WalletOwner, posting: Posting): Promise<{ readonly wallet: Wallet; readonly entry: LedgerEntry }>;
  /**
   * Holds what the balance covers. Nothing that costs anything is held in a wallet that is not there.
   * @param onlyExtend do nothing if nothing is held for the call.
   * @returns undefined if so.
   * @throws ParleyError `wallet.currency_mismatch`
   */
  hold(owner: WalletOwner, request: HoldRequest, onlyExtend?: boolean): Promise<HoldResult | undefined>;
  /**
   * Sets the credit limit once: the same request again leaves the limit as it is now. Opens a wallet that is not there.
   * @throws ParleyError `wallet.currency_mismatch`, `wallet.invalid_amount`
   */
  setCreditLimit(command: CreditLimitCommand): Promise<Wallet>;
  /**
   * Gives back what is held under this id, that of a call or of a correction; nothing, if nothing is.
   * @param atMs Unix time in ms: what has expired by then is gone.
   */
  release(walletId: string, holdId: string, atMs: bigint): Promise<void>;
  /** The first entry that was booked under a key. */
  entryOf(walletId: string, key: string): Promise<LedgerEntry | undefined>;
  /** Wallets that hold something for a call, read one after the other. */
  holding(): AsyncIterable<Wallet>;
  /** Entries by number, ascending; fewer at the end of the ledger. */
  entries(walletId: string, fromNumber: bigint, limit: number): Promise<LedgerEntry[]>;
  /** The wallets of an account, by id, and how many entries each has. */
  ofAccount(accountId: string): Promise<readonly Pick<Wallet, 'walletId' | 'nextEntry'>[]>;
  /** Inserts and publishes what a crash left behind. */
  publishLeft(): Promise<void>;
}
