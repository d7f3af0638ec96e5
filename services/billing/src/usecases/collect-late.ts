import { callIdOf } from '../domain/charge-id.ts';
import { heldSteps } from '../domain/charge-decision.ts';
import { advance, coverLate } from './charge-change.ts';
import type { ChargeRecord, ChargeStore } from './charge-store.ts';
import { createCorrectionHold } from './correction-hold.ts';
import type { ReclaimHolds } from './reclaim-holds.ts';
import type { WalletStore } from './wallet-store.ts';

/** @param isOwn whether this replica looks after the call. @param atMs Unix time in ms. */
export type CollectLate = (isOwn: (callId: string) => boolean, atMs: bigint) => Promise<void>;

/** Whether late reactions of a settled call cost more than the wallet held when they came. */
export function isOwing({ charge }: ChargeRecord): boolean {
  return charge.status === 'settled' && heldSteps(charge).length > 0;
}

/**
 * Asks the wallet again for what late reactions cost and it did not cover when they came: there may have been a top-up, a
 * higher limit, or something that was given back. What is covered now is booked at the time of this look.
 * @throws what failed first, after the others were tried
 */
export function createCollectLate(ports: { charges: ChargeStore; wallets: WalletStore; reclaimHolds: ReclaimHolds }): CollectLate {
  const { charges } = ports;
  const collect = (chargeId: string, atMs: bigint) => {
    const hold = createCorrectionHold(ports, atMs);
    return charges.change(chargeId, async (record) => {
      if (record?.charge.status !== 'settled') return undefined;
      await hold.dropStale(record.charge);
      if (!isOwing(record)) return undefined;
      const charge = await coverLate(hold, record.charge);
      if (heldSteps(charge).length > 0) return undefined;
      return advance(record, charge, { id: `${record.callId}/late`, atMs, traceparent: record.lastCause.traceparent });
    });
  };
  return async (isOwn, atMs) => {
    const failures: unknown[] = [];
    for await (const chargeId of charges.owing()) {
      if (isOwn(callIdOf(chargeId))) await collect(chargeId, atMs).catch((error: unknown) => failures.push(error));
    }
    if (failures.length > 0) throw failures[0];
  };
}
