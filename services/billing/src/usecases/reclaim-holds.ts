import { calleeChargeId, chargeIdOf, isMutual } from '../domain/charge-id.ts';
import type { SettledCharge } from '../domain/charge.ts';
import { holderOf, type Holder } from '../domain/correction.ts';
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
    const over = await Promise.all(held.map(async (holdId) => ((await needOf(charges, { walletId, holdId })) === 'over' ? [holdId] : [])));
    for (const holdId of over.flat()) await wallets.release(walletId, holdId, atMs);
    return over.flat().length > 0;
  };
}

/** @param isOwn whether this replica looks after the call. @param atMs Unix time in ms. */
export type SweepHolds = (isOwn: (callId: string) => boolean, atMs: bigint) => Promise<void>;

/**
 * The same for wallets that are never short: what is held would otherwise stay so for ever. Only what was held the same for a
 * call that was over at the last look, too, is given back: a call that shows up late, or is adjusted just now, keeps its hold.
 * So is what is held for a correction that nobody made in that time.
 */
export function createSweepHolds({ charges, wallets }: { charges: ChargeStore; wallets: WalletStore }): SweepHolds {
  let before: ReadonlySet<string> = new Set();
  return async (isOwn, atMs) => {
    const seen = new Set<string>();
    for await (const { walletId, holds } of wallets.holding()) {
      for (const [holdId, { coverMicros, postedMicros, grantedMs }] of Object.entries(holds)) {
        if (!isOwn(holderOf(holdId).callId)) continue;
        const need = await needOf(charges, { walletId, holdId });
        if (need === 'needed') continue;
        const hold = [walletId, holdId, coverMicros, postedMicros, grantedMs].join(' ');
        if (!before.has(hold)) {
          seen.add(hold);
          continue;
        }
        if (need === 'awaited') await abandon(charges, { walletId, holdId });
        await wallets.release(walletId, holdId, atMs);
      }
    }
    before = seen;
  };
}

/** Something that a wallet holds. */
interface Held {
  readonly walletId: string;
  readonly holdId: string;
}

/** `awaited`: by a correction that is under way, or that was left off; nobody can tell which. */
type Need = 'needed' | 'awaited' | 'over';

/** A charge that is settled but owes effects is not over: its postings use the hold. So what it owes is run first. */
async function needOf(charges: ChargeStore, held: Held): Promise<Need> {
  const { callId, correction } = holderOf(held.holdId);
  const record = await chargeToWallet(charges, held.walletId, callId);
  if (record === undefined || record.charge.status === 'authorized' || record.charge.status === 'open') return 'needed';
  if (correction === undefined) return 'over';
  if (record.charge.status !== 'settled') return 'needed';
  return isPast(correction, record.charge) ? 'over' : 'awaited';
}

/** What is held for a correction is over once the event that it was held for is another's, or the next one is held for in another round. */
function isPast({ sequence, round }: NonNullable<Holder['correction']>, { published, holdRound = 0 }: SettledCharge): boolean {
  return sequence < published.nextSequence || round < holdRound;
}

/**
 * From then on nobody can use what is held: a correction that is under way after all finds the charge changed when it is
 * written, and holds anew, under another name. Only after that it is given back.
 */
async function abandon(charges: ChargeStore, { walletId, holdId }: Held): Promise<void> {
  const { callId, correction } = holderOf(holdId);
  const held = await chargeToWallet(charges, walletId, callId);
  if (held === undefined || correction === undefined) return;
  await charges.change(chargeIdOf(held), async (record) => {
    if (record?.charge.status !== 'settled' || isPast(correction, record.charge)) return undefined;
    return { record: { ...record, charge: { ...record.charge, holdRound: correction.round + 1 } }, effects: [] };
  });
}

/** The two sides of a call never pay from one wallet. */
async function chargeToWallet(charges: ChargeStore, walletId: string, callId: string): Promise<ChargeRecord | undefined> {
  const load = (chargeId: string) => charges.change(chargeId, async () => undefined);
  const first = await load(callId);
  const isOther = first !== undefined && first.charge.status !== 'free' && isMutual(first.charge.terms) && first.charge.terms.walletId !== walletId;
  return isOther ? load(calleeChargeId(callId)) : first;
}
