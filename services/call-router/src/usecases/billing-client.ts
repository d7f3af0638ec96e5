import { ChargeAuthorizationServiceClient } from '@parley/contracts';
import { createClient } from '@parley/grpc';
import type { ChargeAuthorization } from '../domain/call/policy.ts';
import { chargeFromProto } from '../grpc/convert-charge.ts';

export interface ChargeQuestion {
  readonly accountId: string;
  readonly callId: string;
  readonly from: string;
  readonly to: string;
  /** Empty: the account's default. */
  readonly policyId: string;
}

/** Billing, as the call router needs it. */
export interface BillingClient {
  /**
   * Asks for the charge of a call. Undefined: the call is free.
   * @throws ParleyError what billing refused it with; call.billing_unavailable
   */
  authorize(question: ChargeQuestion): Promise<ChargeAuthorization | undefined>;
  /** @param knownUntilMs where the grant ends as far as is known. @returns the media time until which it holds now. @throws ParleyError */
  extend(accountId: string, callId: string, knownUntilMs: number): Promise<number>;
  /** The call came to nothing: what was set aside for it is free again. */
  release(accountId: string, callId: string): Promise<void>;
  close(): void;
}

/** A caller hears nothing while billing is asked. */
const deadlineMs = 4_000;

/** @param serviceToken of scope `service`, on behalf of the account */
export function createBillingClient(address: string, serviceToken: (accountId: string) => Promise<string>): BillingClient {
  const client = createClient(ChargeAuthorizationServiceClient, { address, deadlineMs });
  const options = (accountId: string) => ({ token: () => serviceToken(accountId) });
  return {
    authorize: async ({ accountId, callId, from, to, policyId }) => {
      const { authorization } = await client.authorizeCharge({ callId, from, to, policyId }, options(accountId));
      return authorization === undefined ? undefined : chargeFromProto(authorization);
    },
    extend: async (accountId, callId, knownUntilMs) => {
      const { grantedUntilMs } = await client.extendGrant({ callId, knownUntilMs: BigInt(knownUntilMs) }, options(accountId));
      return Number(grantedUntilMs);
    },
    release: async (accountId, callId) => {
      await client.releaseGrant({ callId }, options(accountId));
    },
    close: () => client.close(),
  };
}
