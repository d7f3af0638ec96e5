import { absorbOwnInput } from '../domain/charge-inputs.ts';
import { advance, coverHeld } from './charge-change.ts';
import { releaseEffect } from './charge-posting.ts';
import type { Cause, ChargeChange, ChargeRecord, ChargeStore } from './charge-store.ts';
import type { WalletStore } from './wallet-store.ts';

/** How long something that has to come may take, in ms. */
export interface Timeouts {
  /** From the call's final `completed` to the last `reaction.ended`. */
  readonly recognitionMs: bigint;
  /** From the authorisation to `call.initiated`. */
  readonly authorizationMs: bigint;
  /** From any event of the call to the next. */
  readonly silenceMs: bigint;
}

export interface Deadline {
  readonly what: 'recognition' | 'authorization' | 'silence';
  /** Unix time in ms: of the last thing that was heard, and the timeout. The same whoever computes it, whenever. */
  readonly atMs: bigint;
}

/** What the call waits for; undefined if nothing more has to come. */
export function deadlineOf({ charge, lastCause }: ChargeRecord, timeouts: Timeouts): Deadline | undefined {
  switch (charge.status) {
    case 'authorized':
      return { what: 'authorization', atMs: lastCause.atMs + timeouts.authorizationMs };
    case 'open': {
      const { completedMs } = charge.observed;
      if (completedMs !== undefined) return { what: 'recognition', atMs: completedMs + timeouts.recognitionMs };
      return { what: 'silence', atMs: lastCause.atMs + timeouts.silenceMs };
    }
    case 'free':
    case 'closed':
    case 'settled':
      return undefined;
  }
}

export type MissDeadline = (chargeId: string, missed: Deadline) => Promise<void>;

/**
 * Records that something did not come in time, as an input like any other: what follows is stamped with the deadline, not
 * with the moment at which somebody noticed. Does nothing if it came after all.
 */
export function createMissDeadline({ charges, wallets, timeouts }: { charges: ChargeStore; wallets: WalletStore; timeouts: Timeouts }): MissDeadline {
  return async (chargeId, missed) => {
    await charges.change(chargeId, async (record) => {
      if (record === undefined) return undefined;
      const now = deadlineOf(record, timeouts);
      if (now?.what !== missed.what || now.atMs !== missed.atMs) return undefined;
      return miss(wallets, record, { ...record.lastCause, atMs: missed.atMs });
    });
  };
}

async function miss(wallets: WalletStore, record: ChargeRecord, cause: Cause): Promise<ChargeChange | undefined> {
  const { charge } = record;
  if (charge.status === 'authorized') {
    const closed = { ...charge, status: 'closed', reason: 'expired' } as const;
    return { record: { ...record, charge: closed }, effects: [releaseEffect(charge, cause)] };
  }
  if (charge.status !== 'open') return undefined;
  const lost = absorbOwnInput(charge, { type: charge.observed.completedMs === undefined ? 'call_overdue' : 'recognition_overdue' });
  return advance(record, await coverHeld(wallets, lost, cause), cause);
}
