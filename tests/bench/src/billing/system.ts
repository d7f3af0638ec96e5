import { connectBus } from '@parley/bus';
import { connectBilling, connectProducers, recordBilling, startChargingSystem, type BillingAccess, type BillingRecord, type ChargedCall, type Producers } from '@parley/chaos';
import type { PolicySnapshot } from '@parley/contracts';
import { natsCredsFile } from '@parley/local';
import { connectStore } from '@parley/store';
import type { Db } from 'mongodb';
import type { PolicyTerms } from '../../../../services/billing/src/domain/policy-terms.ts';
import { flat } from './terms.ts';

/** One replica of billing on the local broker and database. */
export interface MeasuredBilling {
  readonly billing: BillingAccess;
  readonly producers: Producers;
  readonly record: BillingRecord;
  readonly db: Db;
  /** A policy of 10 micro-units a millisecond and an entry for each 10 s. */
  readonly policy: PolicySnapshot;
  /** What billing has asked of the database so far. */
  commands(): Promise<{ readonly reads: number; readonly writes: number }>;
}

export const accountId = 'acme';
/** Of wallets with enough in them. */
export const holders: readonly ChargedCall['wallet'][] = Array.from({ length: 20 }, (_, nth) => ({ accountId, address: `client:caller-${nth}`, currency: 'EUR', means: 'rich', firstMicros: 1_000_000_000_000n }));

const terms: PolicyTerms = { ...flat, freePeriodMs: 0n, roundingIncrementMicros: 1n, entryGridMs: 10_000n };

/** Starts it for one measurement. */
export async function withBilling<Result>(measure: (parts: MeasuredBilling) => Promise<Result>): Promise<Result> {
  const stop = new AbortController();
  const system = await startChargingSystem({ replicas: 1, environment: {} }, stop.signal);
  const billing = await connectBilling(system, system.grpcPorts, [accountId], stop.signal);
  const producers = await connectProducers(system.natsUrl);
  const bus = await connectBus({ url: system.natsUrl, credsFile: natsCredsFile('platform'), name: 'bench' });
  const store = await connectStore({ url: system.mongodbUrl, database: system.database, appName: 'bench' });
  const record = recordBilling(bus, () => undefined);
  try {
    const policy = await billing.createPolicy(accountId, terms, 'bench');
    for (const holder of holders) await billing.topUp(holder, `first-${holder.address}`, holder.firstMicros);
    return await measure({ billing, producers, record, db: store.db, policy, commands: () => commandsOf(system.httpPorts[0]!) });
  } finally {
    await record.stop();
    await Promise.all([bus.close(), producers.close(), store.close()]);
    billing.close();
    await system.stop();
  }
}

const writeCommands = new Set(['insert', 'update', 'delete', 'findAndModify']);

async function commandsOf(httpPort: number): Promise<{ reads: number; writes: number }> {
  const text = await (await fetch(`http://127.0.0.1:${httpPort}/metrics`)).text();
  const counts = { reads: 0, writes: 0 };
  for (const [, command, count] of text.matchAll(/^parley_store_duration_seconds_count\{[^}]*operation_name="(\w+)"[^}]*\} (\d+)/gm)) {
    counts[writeCommands.has(command!) ? 'writes' : 'reads'] += Number(count);
  }
  return counts;
}
