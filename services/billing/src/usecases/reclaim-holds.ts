import { calleeChargeId, isMutual } from '../domain/charge-id.ts';
import { holderOf } from '../domain/correction.ts';
import type { ChargeRecord, ChargeStore } from './charge-store.ts';
import type { WalletStore } from './wallet-store.ts';

/** @returns whether something was given back. */
export type ReclaimHolds = (walletId: string, atMs: bigint) => Promise<boolean>;

/**
 * Gives back what is held for calls that are over. A settlement releases its hold; a replica that was paused past its
 * lease may, once, hold something for a call that its successor has settled. Nobody pays for that, but the balance is not
 * available: so before it is called insufficient, this is looked for.
 */
export function createReclaimHolds({ charges, wallets }: { charges: ChargeStore; wallets: WalletStore }): ReclaimHolds {
  return async (walletId, atMs) => {
    const held = Object.keys((await wallets.find(walletId))?.holds ?? {});
    const over = await Promise.all(held.map(async (holdId) => ((await isOver(charges, walletId, holdId)) ? [holdId] : [])));
    for (const holdId of over.flat()) await wallets.release(walletId, holdId, atMs);
    return over.flat().length > 0;
  };
}

/** @param isOwn whether this replica looks after the call. @param atMs Unix time in ms. */
export type SweepHolds = (isOwn: (callId: string) => boolean, atMs: bigint) => Promise<void>;

/**
 * The same for wallets that are never short: what is held would otherwise stay so for ever. Only what was held the same for a
 * call that was over at the last look, too, is given back: a call that shows up late, or is adjusted just now, keeps its hold.
 */
export function createSweepHolds({ charges, wallets }: { charges: ChargeStore; wallets: WalletStore }): SweepHolds {
  let before: ReadonlySet<string> = new Set();
  return async (isOwn, atMs) => {
    const seen = new Set<string>();
    for await (const { walletId, holds } of wallets.holding()) {
      for (const [callId, { coverMicros, postedMicros, grantedMs }] of Object.entries(holds)) {
        if (!isOwn(callId) || !(await isOver(charges, walletId, callId))) continue;
        const hold = [walletId, callId, coverMicros, postedMicros, grantedMs].join(' ');
        if (before.has(hold)) await wallets.release(walletId, callId, atMs);
        else seen.add(hold);
      }
    }
    before = seen;
  };
}

/** A charge that is settled but owes effects is not over: its postings use the hold. So what it owes is run first. */
async function isOver(charges: ChargeStore, walletId: string, holdId: string): Promise<boolean> {
  const { callId, sequence } = holderOf(holdId);
  const record = await chargeToWallet(charges, walletId, callId);
  if (record === undefined || record.charge.status === 'authorized' || record.charge.status === 'open') return false;
  // What is held for a correction is over once the event that it was held for is another's.
  return sequence === undefined || (record.charge.status === 'settled' && sequence < record.charge.published.nextSequence);
}

/** The two sides of a call never pay from one wallet. */
async function chargeToWallet(charges: ChargeStore, walletId: string, callId: string): Promise<ChargeRecord | undefined> {
  const load = (chargeId: string) => charges.change(chargeId, async () => undefined);
  const first = await load(callId);
  const isOther = first !== undefined && first.charge.status !== 'free' && isMutual(first.charge.terms) && first.charge.terms.walletId !== walletId;
  return isOther ? load(calleeChargeId(callId)) : first;
}
