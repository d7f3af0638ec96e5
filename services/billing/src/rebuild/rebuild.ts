import { mongoPositions, type Bus } from '@parley/bus';
import { ensureIndexes } from '@parley/store';
import type { Db } from 'mongodb';
import { readLedger } from '../bus/ledger-reader.ts';
import { readPartitions } from '../bus/partition-history.ts';
import { indexes } from '../store/indexes.ts';
import { createCreditLimitRepository } from '../store/credit-limit-repository.ts';
import { createLedgerRepository } from '../store/ledger-repository.ts';
import { createRebuiltDatabase } from '../store/rebuilt-database.ts';
import { createRequestRepository } from '../store/request-repository.ts';
import { createWalletRepository } from '../store/wallet-repository.ts';
import { rebuildCharges, type RebuiltCharges } from './rebuild-charges.ts';
import { rebuildLedger, type RebuiltLedger } from './rebuild-ledger.ts';

/**
 * Fills an empty database from the streams; publishes nothing. It may be stopped anywhere and started again, and comes to the
 * same. No billing may work meanwhile: what is booked after the LEDGER stream was read would not be in it.
 * @throws ParleyError `rebuild.not_empty`, `rebuild.broken_stream`, `ledger.conflict`
 */
export async function rebuild(db: Db, bus: Bus, onProgress: (text: string) => void = () => undefined): Promise<RebuiltLedger & RebuiltCharges> {
  const database = createRebuiltDatabase(db);
  await database.begin();
  await ensureIndexes(db, indexes);
  const ledger = createLedgerRepository(db);
  const rebuilt = await rebuildLedger({ database, ledger, limits: createCreditLimitRepository(db), requests: createRequestRepository(db), readLedger: (onCommand) => readLedger(bus, onCommand), onProgress });
  onProgress('the ledger is there, charges follow');
  // Nothing is posted here, only held.
  const wallets = createWalletRepository(db, ledger, { entryPosted: async () => undefined, creditLimitSet: async () => undefined });
  const charges = await rebuildCharges({ database, wallets, charged: rebuilt.charged, disputes: rebuilt.disputes, policyOf: rebuilt.policyOf, readPartitions: () => readPartitions(bus, mongoPositions(db, 'billing')) });
  await database.end();
  return { ...rebuilt, ...charges };
}
