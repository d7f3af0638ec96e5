import type { Dispute } from '../domain/correction.ts';
import type { RebuiltDatabase } from '../store/rebuilt-database.ts';
import { chargeIdOf } from '../domain/charge-id.ts';
import { chargeKeyOf } from '../domain/ledger-entry.ts';
import { publishedOf, type CallHistory } from '../usecases/call-history.ts';
import type { ChargeRecord } from '../usecases/charge-store.ts';
import type { WalletStore } from '../usecases/wallet-store.ts';
import { rebuildCharge, rebuildFreeCall, type RebuiltCharge } from './rebuild-charge.ts';
import { withDisputes } from './rebuild-disputes.ts';
import type { ChargedCall } from './rebuild-ledger.ts';
import type { PolicyOf } from './untold-correction.ts';

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
  readonly policyOf: PolicyOf;
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
export async function rebuildCharges(ports: RebuildChargesPorts): Promise<RebuiltCharges> {
  const { database, charged, disputes, readPartitions } = ports;
  const forgotten = new Map(charged);
  const differences: string[] = [];
  let charges = 0;
  for await (const { calls, savePositions } of readPartitions()) {
    const applied = new Map<string, ReadonlySet<string>>();
    for (const call of calls) {
      const rebuilt = await rebuildCall(ports, call);
      if (rebuilt.length === 0) continue;
      for (const { change, differences: found } of rebuilt) {
        const key = paidBy(change.record);
        const byHand = [...(charged.get(key)?.byHand.values() ?? [])];
        await database.putCharge(withDisputes(change, disputes.get(chargeIdOf(change.record)) ?? [], byHand));
        forgotten.delete(key);
        differences.push(...found);
      }
      charges += rebuilt.length;
      applied.set(call.callId, appliedToAll(rebuilt));
    }
    // A call whose beginning is kept no longer would be waited for.
    await savePositions((callId, eventId) => applied.get(callId)?.has(eventId) ?? true);
  }
  for (const [key, { micros, hostMicros }] of forgotten) await database.putForgottenCharge(key, { chargedMicros: micros, hostMicros });
  return { charges, forgotten: forgotten.size, differences };
}

/** @returns none if the streams do not say how the call began. */
async function rebuildCall({ wallets, charged, policyOf }: RebuildChargesPorts, call: PartitionHistory['calls'][number]): Promise<RebuiltCharge[]> {
  const { initiation } = call.history;
  if (initiation === undefined) return [];
  if (initiation.terms.length === 0) return [rebuildFreeCall({ ...call, initiation })];
  const rebuilt: RebuiltCharge[] = [];
  for (const terms of initiation.terms) {
    const key = chargeKeyOf({ callId: call.callId, walletId: terms.walletId });
    const published = publishedOf(call.history, terms);
    rebuilt.push(await rebuildCharge(wallets, { ...call, history: { ...call.history, published }, initiation, charged: charged.get(key), policyOf }, terms));
  }
  return rebuilt;
}

/** What one of two charges has not applied is to come again: the other one knows it then. */
function appliedToAll([first, ...others]: readonly RebuiltCharge[]): ReadonlySet<string> {
  return new Set([...first!.applied].filter((id) => others.every(({ applied }) => applied.has(id))));
}

function paidBy({ callId, charge }: ChargeRecord): string {
  return charge.status === 'free' ? '' : chargeKeyOf({ callId, walletId: charge.terms.walletId });
}
