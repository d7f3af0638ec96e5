import type { Dispute } from '../domain/correction.ts';
import type { RebuiltDatabase } from '../store/rebuilt-database.ts';
import type { CallHistory } from '../usecases/call-history.ts';
import type { WalletStore } from '../usecases/wallet-store.ts';
import { rebuildCharge, rebuildFreeCall, type RebuiltCharge } from './rebuild-charge.ts';
import { withDisputes } from './rebuild-disputes.ts';
import type { ChargedCall } from './rebuild-ledger.ts';

/** All that the event streams hold of the calls of one partition. */
export interface PartitionHistory {
  readonly calls: readonly { readonly accountId: string; readonly callId: string; readonly history: CallHistory }[];
  /** Stores where the owner of the partition goes on reading: before the first event that is not applied and will be. */
  readonly savePositions: (isDone: (callId: string, eventId: string) => boolean) => Promise<void>;
}

export interface RebuildChargesPorts {
  readonly database: RebuiltDatabase;
  readonly wallets: WalletStore;
  readonly charged: ReadonlyMap<string, ChargedCall>;
  readonly disputes: ReadonlyMap<string, readonly Dispute[]>;
  readonly readPartitions: () => AsyncIterable<PartitionHistory>;
}

export interface RebuiltCharges {
  readonly charges: number;
  /** Of which only entries are known: the streams hold no longer all of their events. */
  readonly forgotten: number;
  /** Of what was published from what follows; of each call the first. */
  readonly differences: readonly string[];
}

/** Fills charges and positions, a partition after the other. */
export async function rebuildCharges({ database, wallets, charged, disputes, readPartitions }: RebuildChargesPorts): Promise<RebuiltCharges> {
  const forgotten = new Map(charged);
  const differences: string[] = [];
  let charges = 0;
  for await (const { calls, savePositions } of readPartitions()) {
    const applied = new Map<string, ReadonlySet<string>>();
    for (const call of calls) {
      const rebuilt = await rebuildCall(wallets, call, charged.get(call.callId));
      if (rebuilt === undefined) continue;
      const byHand = [...(charged.get(call.callId)?.byHand.values() ?? [])];
      await database.putCharge(withDisputes(rebuilt.change, disputes.get(call.callId) ?? [], byHand));
      charges += 1;
      forgotten.delete(call.callId);
      applied.set(call.callId, rebuilt.applied);
      differences.push(...rebuilt.differences);
    }
    // A call whose beginning is kept no longer would be waited for.
    await savePositions((callId, eventId) => applied.get(callId)?.has(eventId) ?? true);
  }
  for (const [callId, { micros }] of forgotten) await database.putForgottenCall(callId, micros);
  return { charges, forgotten: forgotten.size, differences };
}

/** @returns undefined if the streams do not say how the call began. */
async function rebuildCall(wallets: WalletStore, call: PartitionHistory['calls'][number], charged: ChargedCall | undefined): Promise<RebuiltCharge | undefined> {
  const { initiation } = call.history;
  if (initiation === undefined) return undefined;
  const { terms } = initiation;
  return terms === undefined ? rebuildFreeCall({ ...call, initiation, charged }) : rebuildCharge(wallets, { ...call, initiation, charged }, terms);
}
