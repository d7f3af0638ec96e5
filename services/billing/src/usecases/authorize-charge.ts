import { parleyError } from '@parley/errors';
import { walletIdOf } from '../domain/address.ts';
import { absorbOwnInput, authorizedCharge } from '../domain/charge-inputs.ts';
import type { AuthorizedCharge, ChargeTerms } from '../domain/charge.ts';
import { firstGrant } from '../domain/grant.ts';
import type { PolicyVersion } from '../domain/policy-terms.ts';
import type { Cause, ChargeRecord, ChargeStore } from './charge-store.ts';
import type { PolicyStore } from './policy-store.ts';
import type { ReclaimHolds } from './reclaim-holds.ts';
import type { HoldResult, WalletStore } from './wallet-store.ts';

export interface AuthorizeCommand {
  readonly accountId: string;
  readonly callId: string;
  /** Address of the root leg's `from`: it pays. */
  readonly from: string;
  /** Empty: the account's default. */
  readonly policyId: string;
  readonly cause: Cause;
}

export interface Authorization {
  readonly terms: ChargeTerms;
  readonly grantedMs: bigint;
}

export interface AuthorizePorts {
  readonly charges: ChargeStore;
  readonly wallets: WalletStore;
  readonly policies: PolicyStore;
  readonly reclaimHolds: ReclaimHolds;
}

/**
 * Holds the price of the first grant for a call, once per call id. In this order: the charge document, so that what is held
 * is never unknown; the hold; the grant. A crash in between is made good by the repeat, or else by the expiry of
 * authorisations whose call never shows up.
 * @returns undefined if the call is free: neither the application nor the account has a policy.
 * @throws ParleyError `not_found.policy`, `wallet.insufficient_balance`, `wallet.currency_mismatch`, `grant.ended`,
 *   `request.idempotency_conflict` for the id of a call that was authorised otherwise, `not_found.call` for another account's.
 */
export function createAuthorizeCharge(ports: AuthorizePorts): (command: AuthorizeCommand) => Promise<Authorization | undefined> {
  const { charges, wallets } = ports;
  return async (command) => {
    const known = await charges.find(command.callId);
    const record = known ?? (await begin(ports, command));
    if (record === undefined) return undefined;
    const charge = sameRequest(record, command);
    if (charge.status !== 'authorized') return { terms: charge.terms, grantedMs: charge.grant.grantedMs };
    const held = await holdFirst(ports, charge);
    if (held.isShort) throw parleyError('wallet.insufficient_balance', 'the available balance does not cover the first grant');
    const after = await charges.change(command.callId, async (before) => {
      if (before?.charge.status !== 'authorized') return undefined;
      const { grantedMs, availableMicros } = held;
      // A repeat costs no write: who did not get its answer in time asks again, and that is when the database is slow.
      if (before.charge.grant.grantedMs >= grantedMs) return undefined;
      return { record: { ...before, charge: absorbOwnInput(before.charge, { type: 'grant_extended', grantedMs, availableMicros }) }, effects: [] };
    });
    if (after?.charge.status !== 'authorized' && after?.charge.status !== 'open') {
      // It ended meanwhile, or began without a charge: its own release may have come before this hold.
      await wallets.release(charge.terms.walletId, command.callId);
      throw ended();
    }
    return { terms: charge.terms, grantedMs: held.grantedMs };
  };
}

async function begin({ charges, policies }: AuthorizePorts, command: AuthorizeCommand): Promise<ChargeRecord | undefined> {
  const { accountId, callId, from, policyId, cause } = command;
  const policy = await choosePolicy(policies, accountId, policyId);
  if (policy === undefined) return undefined;
  const charge = authorizedCharge(callId, accountId, { walletId: walletIdOf(accountId, from), payer: 'caller', policy });
  return charges.change(callId, async (before) =>
    before === undefined
      ? { record: { callId, accountId, charge, requestedPolicyId: policyId, attributes: undefined, lastCause: cause }, effects: [] }
      : undefined,
  );
}

async function choosePolicy(policies: PolicyStore, accountId: string, asked: string): Promise<PolicyVersion | undefined> {
  const policyId = asked === '' ? await policies.defaultOf(accountId) : asked;
  if (policyId === undefined) return undefined;
  const policy = await policies.find(accountId, policyId, 0);
  if (policy === undefined) throw parleyError('not_found.policy', 'no such policy');
  return policy;
}

type GrantedCharge = Exclude<ChargeRecord['charge'], { status: 'free' | 'closed' | 'settled' }>;

function sameRequest({ accountId, charge, requestedPolicyId }: ChargeRecord, command: AuthorizeCommand): GrantedCharge {
  if (accountId !== command.accountId) throw parleyError('not_found.call', 'no such call');
  const isSame =
    requestedPolicyId === command.policyId &&
    (charge.status === 'free' || charge.terms.walletId === walletIdOf(accountId, command.from));
  if (!isSame) throw parleyError('request.idempotency_conflict', 'the call was authorised before, for another payer or policy');
  if (charge.status === 'authorized' || charge.status === 'open') return charge;
  throw ended();
}

async function holdFirst({ wallets, reclaimHolds }: AuthorizePorts, charge: AuthorizedCharge): Promise<HoldResult> {
  const { walletId, policy } = charge.terms;
  const owner = { walletId, accountId: charge.accountId };
  const request = { callId: charge.callId, currency: policy.terms.currency, steps: [firstGrant(policy.terms)], postedMicros: 0n };
  const hold = async () => (await wallets.hold(owner, request)) ?? { grantedMs: 0n, isShort: true, availableMicros: 0n };
  const held = await hold();
  if (!held.isShort || !(await reclaimHolds(walletId))) return held;
  return hold();
}

function ended(): Error {
  return parleyError('grant.ended', 'the charge of this call was released or settled');
}
