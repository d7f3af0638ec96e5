import type { Publisher } from '@parley/bus';
import { ensureIndexes } from '@parley/store';
import type { Db } from 'mongodb';
import { createBillingEventPublisher } from './bus/billing-event-publisher.ts';
import { createLedgerPublisher } from './bus/ledger-publisher.ts';
import { createChargeRepository } from './store/charge-repository.ts';
import { indexes } from './store/indexes.ts';
import { createLedgerRepository } from './store/ledger-repository.ts';
import { createPolicyRepository } from './store/policy-repository.ts';
import { requireWhole } from './store/rebuilt-database.ts';
import { createRequestRepository } from './store/request-repository.ts';
import { createWalletRepository } from './store/wallet-repository.ts';
import { createApplyCallEvents, type ApplyCallEvents } from './usecases/apply-call-events.ts';
import { createAuthorizeCharge } from './usecases/authorize-charge.ts';
import type { ChargeStore } from './usecases/charge-store.ts';
import { createCollectLate, type CollectLate } from './usecases/collect-late.ts';
import { createCreatePolicy } from './usecases/create-policy.ts';
import { createMissDeadline, type MissDeadline, type Timeouts } from './usecases/deadlines.ts';
import { createExportUsage } from './usecases/export-usage.ts';
import { createExtendGrant } from './usecases/extend-grant.ts';
import { createGetReceipt } from './usecases/get-receipt.ts';
import { createOpenDispute } from './usecases/open-dispute.ts';
import { createResolveDispute } from './usecases/resolve-dispute.ts';
import type { PolicyStore } from './usecases/policy-store.ts';
import { createReclaimHolds, createSweepHolds, type SweepHolds } from './usecases/reclaim-holds.ts';
import { createReRateCharge } from './usecases/re-rate-charge.ts';
import { createRefundCharge } from './usecases/refund-charge.ts';
import { createReleaseGrant } from './usecases/release-grant.ts';
import { createRunEffect } from './usecases/run-effect.ts';
import { createSetCreditLimit } from './usecases/set-credit-limit.ts';
import { createSetDefaultPolicy } from './usecases/set-default-policy.ts';
import { createSimulateCharge } from './usecases/simulate-charge.ts';
import { createTopUpWallet } from './usecases/top-up-wallet.ts';
import type { WalletStore } from './usecases/wallet-store.ts';

/** Everything that billing can do, over one database and one publisher. */
export interface Billing {
  readonly charges: ChargeStore;
  readonly wallets: WalletStore;
  readonly policies: PolicyStore;
  readonly applyCallEvents: ApplyCallEvents;
  readonly missDeadline: MissDeadline;
  readonly authorizeCharge: ReturnType<typeof createAuthorizeCharge>;
  readonly sweepHolds: SweepHolds;
  readonly collectLate: CollectLate;
  readonly extendGrant: ReturnType<typeof createExtendGrant>;
  readonly releaseGrant: ReturnType<typeof createReleaseGrant>;
  readonly createPolicy: ReturnType<typeof createCreatePolicy>;
  readonly setDefaultPolicy: ReturnType<typeof createSetDefaultPolicy>;
  readonly setCreditLimit: ReturnType<typeof createSetCreditLimit>;
  readonly topUpWallet: ReturnType<typeof createTopUpWallet>;
  readonly getReceipt: ReturnType<typeof createGetReceipt>;
  readonly exportUsage: ReturnType<typeof createExportUsage>;
  readonly simulateCharge: ReturnType<typeof createSimulateCharge>;
  readonly refundCharge: ReturnType<typeof createRefundCharge>;
  readonly reRateCharge: ReturnType<typeof createReRateCharge>;
  readonly openDispute: ReturnType<typeof createOpenDispute>;
  readonly resolveDispute: ReturnType<typeof createResolveDispute>;
  /**
   * Creates indexes and publishes what an earlier start left behind; before anything else.
   * @throws ParleyError `rebuild.unfinished`
   */
  prepare(): Promise<void>;
}

export function createBilling({ db, publisher, timeouts }: { db: Db; publisher: Publisher; timeouts: Timeouts }): Billing {
  const ledgerEvents = createLedgerPublisher(publisher);
  const wallets = createWalletRepository(db, createLedgerRepository(db), ledgerEvents);
  const policies = createPolicyRepository(db, (command) => ledgerEvents.policyCommand(command));
  const requests = createRequestRepository(db);
  const charges = createChargeRepository(db, createRunEffect(wallets, createBillingEventPublisher(publisher), ledgerEvents));
  const corrections = { charges, wallets, requests };
  const reclaimHolds = createReclaimHolds({ charges, wallets });
  return {
    charges,
    wallets,
    policies,
    applyCallEvents: createApplyCallEvents({ charges, wallets, reclaimHolds }),
    missDeadline: createMissDeadline({ charges, wallets, timeouts }),
    authorizeCharge: createAuthorizeCharge({ charges, wallets, policies, reclaimHolds }),
    sweepHolds: createSweepHolds({ charges, wallets }),
    collectLate: createCollectLate({ charges, wallets, reclaimHolds }),
    extendGrant: createExtendGrant({ charges, wallets, reclaimHolds }),
    releaseGrant: createReleaseGrant(charges),
    createPolicy: createCreatePolicy({ policies, requests }),
    setDefaultPolicy: createSetDefaultPolicy(policies),
    setCreditLimit: createSetCreditLimit({ wallets, requests }),
    topUpWallet: createTopUpWallet({ wallets, requests }),
    getReceipt: createGetReceipt(charges),
    exportUsage: createExportUsage({ charges, wallets }),
    simulateCharge: createSimulateCharge(policies),
    refundCharge: createRefundCharge(corrections),
    reRateCharge: createReRateCharge({ ...corrections, policies, reclaimHolds }),
    openDispute: createOpenDispute(corrections),
    resolveDispute: createResolveDispute(corrections),
    prepare: async () => {
      await requireWhole(db);
      await ensureIndexes(db, indexes);
      await wallets.publishLeft();
      await policies.publishLeft();
    },
  };
}
