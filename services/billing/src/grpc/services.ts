import { parkingHandlers, type Consumer, type ParkingStore } from '@parley/bus';
import { BillingServiceService, ChargeAuthorizationServiceService, ParkingServiceService } from '@parley/contracts';
import { grpcService, type GrpcService } from '@parley/grpc';
import type { Billing } from '../billing.ts';
import type { createExplainCharge } from '../usecases/explain-charge.ts';
import { authorizeChargeHandler } from './authorize-charge.ts';
import { createPolicyHandler } from './create-policy.ts';
import { explainChargeHandler } from './explain-charge.ts';
import { exportUsageHandler } from './export-usage.ts';
import { extendGrantHandler } from './extend-grant.ts';
import { getPolicyHandler } from './get-policy.ts';
import { getReceiptHandler } from './get-receipt.ts';
import { getWalletHandler } from './get-wallet.ts';
import type { Now } from './grant-command.ts';
import { listLedgerEntriesHandler } from './list-ledger-entries.ts';
import { reRateChargeHandler } from './re-rate-charge.ts';
import { refundChargeHandler } from './refund-charge.ts';
import { openDisputeHandler } from './open-dispute.ts';
import { releaseGrantHandler } from './release-grant.ts';
import { resolveDisputeHandler } from './resolve-dispute.ts';
import { setCreditLimitHandler } from './set-credit-limit.ts';
import { setDefaultPolicyHandler } from './set-default-policy.ts';
import { renderReceiptHandler } from './render-receipt.ts';
import { simulateChargeHandler } from './simulate-charge.ts';
import { topUpWalletHandler } from './top-up-wallet.ts';

/** What is served of more than a database and a publisher. */
export interface ServiceParts {
  readonly consumer: Consumer;
  readonly parking: ParkingStore;
  readonly explainCharge: ReturnType<typeof createExplainCharge>;
}

/** All that billing serves: to accounts, to the call router, and to operators. */
export function grpcServices(billing: Billing, { consumer, parking, explainCharge }: ServiceParts, now: Now): GrpcService[] {
  return [
    grpcService(BillingServiceService, {
      scope: 'api',
      handlers: {
        createPolicy: createPolicyHandler(billing.createPolicy, now),
        getPolicy: getPolicyHandler(billing.policies),
        setDefaultPolicy: setDefaultPolicyHandler(billing.setDefaultPolicy, now),
        topUpWallet: topUpWalletHandler(billing.topUpWallet, now),
        setCreditLimit: setCreditLimitHandler(billing.setCreditLimit, now),
        getWallet: getWalletHandler(billing.wallets, now),
        listLedgerEntries: listLedgerEntriesHandler(billing.wallets),
        getReceipt: getReceiptHandler(billing.getReceipt),
        renderReceipt: renderReceiptHandler(billing.getReceipt),
        exportUsage: exportUsageHandler(billing.exportUsage, now),
        explainCharge: explainChargeHandler(explainCharge),
        simulateCharge: simulateChargeHandler(billing.simulateCharge),
        refundCharge: refundChargeHandler(billing.refundCharge, now),
        reRateCharge: reRateChargeHandler(billing.reRateCharge, now),
        openDispute: openDisputeHandler(billing.openDispute, now),
        resolveDispute: resolveDisputeHandler(billing.resolveDispute, now),
      },
    }),
    grpcService(ChargeAuthorizationServiceService, {
      scope: 'service',
      handlers: {
        authorizeCharge: authorizeChargeHandler(billing.authorizeCharge, now),
        extendGrant: extendGrantHandler(billing.extendGrant, now),
        releaseGrant: releaseGrantHandler(billing.releaseGrant, now),
      },
    }),
    grpcService(ParkingServiceService, { scope: 'service', handlers: parkingHandlers(consumer, parking) }),
  ];
}
