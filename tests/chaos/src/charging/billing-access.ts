import type { PartyName } from '@parley/bus';
import { BillingServiceClient, ChargeAuthorizationServiceClient, ParkingServiceClient, Party, type ChargeAuthorization, type LedgerEntry, type PolicySnapshot, type Receipt, type Wallet } from '@parley/contracts';
import { createClient } from '@parley/grpc';
import type { PolicyTerms } from '../../../../services/billing/src/domain/policy-terms.ts';
import type { ChaosPlatform } from '../chaos-platform.ts';
import { untilAnswered } from '../until-answered.ts';
import type { ChargedCall } from './call-plan.ts';
import { toProtoTerms } from './policies.ts';
import type { PlannedWallet } from './wallets.ts';

/** What billing says to the call router: it may go on with a charge, or without one; it may not. */
export type Authorization = { readonly kind: 'granted'; readonly charge: ChargeAuthorization } | { readonly kind: 'free' } | { readonly kind: 'refused'; readonly code: string };

/** Billing's replicas over gRPC, as the call router, an operator and an application reach them. What was not answered is asked again. */
export interface BillingAccess {
  createPolicy(accountId: string, terms: PolicyTerms, requestId: string): Promise<PolicySnapshot>;
  topUp(wallet: PlannedWallet, requestId: string, micros: bigint): Promise<void>;
  /** @param policyId empty: the account's default, which there is none of. */
  authorize(call: ChargedCall, policyId: string): Promise<Authorization>;
  /** Refused or not. */
  extend(call: ChargedCall): Promise<void>;
  /** Done or refused. */
  release(call: ChargedCall): Promise<void>;
  wallet(wallet: PlannedWallet): Promise<Wallet>;
  /** In order. */
  entries(wallet: PlannedWallet): Promise<readonly LedgerEntry[]>;
  receipt(call: ChargedCall, payer: PartyName): Promise<Receipt>;
  /** Why calls cannot go on, a line each. */
  parked(accountId: string): Promise<readonly string[]>;
  close(): void;
}

/** As long as the call router waits. */
const deadlineMs = 4_000;
const pageSize = 200;

export async function connectBilling(platform: ChaosPlatform, grpcPorts: readonly number[], accounts: readonly string[], stop: AbortSignal): Promise<BillingAccess> {
  const address = grpcPorts.map((port) => `127.0.0.1:${port}`).join(',');
  const billing = createClient(BillingServiceClient, { address, deadlineMs });
  const authorization = createClient(ChargeAuthorizationServiceClient, { address, deadlineMs });
  const parking = createClient(ParkingServiceClient, { address, deadlineMs });
  const tokens = new Map(await Promise.all(accounts.map(async (accountId) => [accountId, await platform.token(accountId)] as const)));
  const api = (accountId: string) => ({ token: tokens.get(accountId)! });
  const service = (accountId: string) => ({ token: () => platform.serviceToken(accountId) });
  const ask = <T>(request: () => Promise<T>) => untilAnswered(request, stop);
  return {
    createPolicy: async (accountId, terms, requestId) => (await ask(() => billing.createPolicy({ requestId, policyId: '', terms: toProtoTerms(terms) }, api(accountId)))).policy!,
    topUp: async ({ accountId, address: holder, currency }, requestId, micros) => {
      await ask(() => billing.topUpWallet({ requestId, address: holder, amount: { currency, micros } }, api(accountId)));
    },
    authorize: async ({ callId, wallet, callee }, policyId) => {
      const request = { callId, from: wallet.address, to: callee.address, policyId };
      const answer = await orCode(ask(() => authorization.authorizeCharge(request, service(wallet.accountId))));
      if (typeof answer === 'string') return { kind: 'refused', code: answer };
      return answer.authorization === undefined ? { kind: 'free' } : { kind: 'granted', charge: answer.authorization };
    },
    extend: async ({ callId, wallet }) => void (await orCode(ask(() => authorization.extendGrant({ callId }, service(wallet.accountId))))),
    release: async ({ callId, wallet }) => void (await orCode(ask(() => authorization.releaseGrant({ callId }, service(wallet.accountId))))),
    wallet: async ({ accountId, address: holder }) => (await ask(() => billing.getWallet({ address: holder }, api(accountId)))).wallet!,
    entries: async ({ accountId, address: holder }) => {
      const found: LedgerEntry[] = [];
      const read = (pageToken: string) => ask(() => billing.listLedgerEntries({ address: holder, pageSize, pageToken }, api(accountId)));
      let page = await read('');
      found.push(...page.entries);
      while (page.nextPageToken !== '') {
        page = await read(page.nextPageToken);
        found.push(...page.entries);
      }
      return found;
    },
    receipt: async ({ callId, wallet }, payer) => (await ask(() => billing.getReceipt({ callId, payer: payer === 'caller' ? Party.CALLER : Party.CALLEE }, api(wallet.accountId)))).receipt!,
    parked: async (accountId) => {
      const { calls } = await ask(() => parking.listParkedCalls({ pageSize: 100, pageToken: '' }, service(accountId)));
      return calls.map(({ callId, code, reason }) => `${callId}: parked, ${code} ${reason}`);
    },
    close: () => [billing, authorization, parking].forEach((client) => client.close()),
  };
}

/** What billing may refuse a request of the call router with; anything else is a fault. */
const refusals = new Set(['wallet.insufficient_balance', 'grant.ended', 'grant.not_found', 'call.wrong_state']);

async function orCode<T>(answer: Promise<T>): Promise<T | string> {
  try {
    return await answer;
  } catch (error) {
    const { code } = error as { code?: string };
    if (code !== undefined && refusals.has(code)) return code;
    throw error;
  }
}
