import { invalidArgument, parleyError } from '@parley/errors';
import { isAddress, walletIdOf } from '../domain/address.ts';
import { calleeChargeId, chargeIdOf, isMutual } from '../domain/charge-id.ts';
import { absorbOwnInput, authorizedCharge } from '../domain/charge-inputs.ts';
import type { AuthorizedCharge, ChargeTerms, Party } from '../domain/charge.ts';
import { firstGrant, leastOf } from '../domain/grant.ts';
import { hostOf, hostPermilleOf } from '../domain/host-share.ts';
import type { PolicyVersion, PriceTerms } from '../domain/policy-terms.ts';
import { pricesOf } from '../domain/price.ts';
import { utcOffsetMinutes } from '../domain/week.ts';
import type { Cause, ChargeRecord, ChargeStore } from './charge-store.ts';
import type { GrantedCharge } from './granted-charge.ts';
import type { PolicyStore } from './policy-store.ts';
import type { ReclaimHolds } from './reclaim-holds.ts';
import type { HoldResult, WalletStore } from './wallet-store.ts';

export interface AuthorizeCommand {
  readonly accountId: string;
  readonly callId: string;
  /** Addresses of the root leg's sides: the policy says which one pays. */
  readonly from: string;
  readonly to: string;
  /** Empty: the account's default. */
  readonly policyId: string;
  readonly cause: Cause;
}

export interface Authorization {
  /** Of each charge: where each side pays two, the caller's first. */
  readonly terms: readonly [ChargeTerms, ...ChargeTerms[]];
  /** Media time through which all of them hold enough. */
  readonly grantedMs: bigint;
}

export interface AuthorizePorts {
  readonly charges: ChargeStore;
  readonly wallets: WalletStore;
  readonly policies: PolicyStore;
  readonly reclaimHolds: ReclaimHolds;
}

/**
 * Holds the price of the first grant for a call, once per call id; where each side pays, for both. In this order: the charge
 * documents, so that what is held is never unknown; the holds; the grants. A crash in between is made good by the repeat, or else
 * by the expiry of authorisations whose call never shows up. So is what is held for one side where the balance of the other is short.
 * @returns undefined if the call is free: neither the application nor the account has a policy.
 * @throws ParleyError `request.invalid_argument` if the callee pays and cannot, or who is seen has a share and cannot, `not_found.policy`, `wallet.insufficient_balance`, `wallet.currency_mismatch`, `grant.ended`,
 *   `request.idempotency_conflict` for the id of a call that was authorised otherwise, `not_found.call` for another account's.
 */
export function createAuthorizeCharge(ports: AuthorizePorts): (command: AuthorizeCommand) => Promise<Authorization | undefined> {
  return async (command) => {
    const record = (await ports.charges.find(command.callId)) ?? (await begin(ports, command));
    if (record === undefined) return undefined;
    const caller = sameRequest(record, command);
    const charges = isMutual(caller.terms) ? ([caller, await calleesCharge(ports, caller, command)] as const) : ([caller] as const);
    const [first, ...others] = charges.map(({ terms }) => terms);
    const authorized = charges.filter((charge) => charge.status === 'authorized');
    const grantedMs = authorized.length < charges.length ? charges.map(({ grant }) => grant.grantedMs) : await grantFirst(ports, authorized, command.cause);
    return { terms: [first!, ...others], grantedMs: leastOf(grantedMs) };
  };
}

async function begin({ charges, policies }: AuthorizePorts, command: AuthorizeCommand): Promise<ChargeRecord | undefined> {
  const { accountId, policyId, cause } = command;
  const policy = await choosePolicy(policies, accountId, policyId);
  if (policy === undefined) return undefined;
  const { payer, timeZone, weekBands } = pricesOf(policy.terms);
  const offset = weekBands.length === 0 ? 0 : utcOffsetMinutes(timeZone, cause.atMs);
  // Before anything is written it is known whether both can pay.
  if (payer === 'each') walletOf(command, 'callee', payer);
  const first = payer === 'callee' ? 'callee' : 'caller';
  requireHost(command, first, policy);
  return beginOne(charges, command, { walletId: walletOf(command, first, payer), payer: first, policy, ...(offset !== 0 && { utcOffsetMinutes: offset }) });
}

async function beginOne(charges: ChargeStore, { accountId, callId, policyId, cause }: AuthorizeCommand, terms: ChargeTerms): Promise<ChargeRecord> {
  const charge = authorizedCharge(callId, accountId, terms);
  const begun: ChargeRecord = { callId, accountId, charge, requestedPolicyId: policyId, attributes: undefined, lastCause: cause };
  const record = await charges.change(chargeIdOf(begun), async (before) => (before === undefined ? { record: begun, effects: [] } : undefined));
  return record ?? begun;
}

/** By the same terms as the caller's. */
async function calleesCharge({ charges }: AuthorizePorts, { terms }: GrantedCharge, command: AuthorizeCommand): Promise<GrantedCharge> {
  const known = await charges.find(calleeChargeId(command.callId));
  return sameRequest(known ?? (await beginOne(charges, command, { ...terms, walletId: walletOf(command, 'callee', 'each'), payer: 'callee' })), command);
}

/** @returns media time through which each holds enough. */
async function grantFirst(ports: AuthorizePorts, charges: readonly AuthorizedCharge[], cause: Cause): Promise<bigint[]> {
  const holds: HoldResult[] = [];
  for (const charge of charges) holds.push(await holdFirst(ports, charge, cause.atMs));
  if (holds.some(({ isShort }) => isShort)) throw parleyError('wallet.insufficient_balance', 'the available balance does not cover the first grant');
  for (const [index, charge] of charges.entries()) await grant(ports, charge, holds[index]!, cause);
  return holds.map(({ grantedMs }) => grantedMs);
}

async function grant({ charges, wallets }: AuthorizePorts, charge: AuthorizedCharge, { grantedMs, availableMicros }: HoldResult, cause: Cause): Promise<void> {
  const { callId, terms } = charge;
  const after = await charges.change(chargeIdOf({ callId, charge }), async (before) => {
    if (before?.charge.status !== 'authorized') return undefined;
    // A repeat costs no write: who did not get its answer in time asks again, and that is when the database is slow.
    if (before.charge.grant.grantedMs >= grantedMs) return undefined;
    return { record: { ...before, charge: absorbOwnInput(before.charge, { type: 'grant_extended', grantedMs, availableMicros }) }, effects: [] };
  });
  if (after?.charge.status === 'authorized' || after?.charge.status === 'open') return;
  // It ended meanwhile, or began without a charge: its own release may have come before this hold.
  await wallets.release(terms.walletId, callId, cause.atMs);
  throw ended();
}

/** Who was called need not be anybody who can hold a wallet: only if they pay. Two who pay for each other are two. */
function walletOf({ accountId, from, to }: AuthorizeCommand, side: Party, payer: PriceTerms['payer']): string {
  if (side === 'caller') return walletIdOf(accountId, from);
  if (!isAddress(to)) throw invalidArgument([{ field: 'to', description: 'pays by the policy, so it has to be client:<name> or +<digits>' }]);
  if (payer === 'each' && from === to) throw invalidArgument([{ field: 'to', description: 'pays by the policy, as the caller does, so it has to be another address' }]);
  return walletIdOf(accountId, to);
}

/** Nor need who is seen be anybody who can have an account: only if the policy has a share for them. */
function requireHost(command: AuthorizeCommand, payer: Party, { terms }: PolicyVersion): void {
  if (hostPermilleOf(terms) === 0 || isAddress(hostOf(command, payer))) return;
  const field = payer === 'caller' ? 'to' : 'from';
  throw invalidArgument([{ field, description: 'has a share by the policy, so it has to be client:<name> or +<digits>' }]);
}

async function choosePolicy(policies: PolicyStore, accountId: string, asked: string): Promise<PolicyVersion | undefined> {
  const policyId = asked === '' ? await policies.defaultOf(accountId) : asked;
  if (policyId === undefined) return undefined;
  const policy = await policies.find(accountId, policyId, 0);
  if (policy === undefined) throw parleyError('not_found.policy', 'no such policy');
  return policy;
}

function sameRequest({ accountId, charge, requestedPolicyId }: ChargeRecord, command: AuthorizeCommand): GrantedCharge {
  if (accountId !== command.accountId) throw parleyError('not_found.call', 'no such call');
  const isSame =
    isSamePolicy(requestedPolicyId, command.policyId, charge) &&
    (charge.status === 'free' || charge.terms.walletId === walletOf(command, charge.terms.payer, pricesOf(charge.terms.policy.terms).payer));
  if (!isSame) throw parleyError('request.idempotency_conflict', 'the call was authorised before, for another payer or policy');
  if (charge.status === 'authorized' || charge.status === 'open') return charge;
  throw ended();
}

/** Where the first request is not known, one that can have led to the terms passes for it. */
function isSamePolicy(requested: string | undefined, policyId: string, charge: ChargeRecord['charge']): boolean {
  if (requested !== undefined) return requested === policyId;
  return policyId === '' || charge.status === 'free' || charge.terms.policy.policyId === policyId;
}

async function holdFirst({ wallets, reclaimHolds }: AuthorizePorts, charge: AuthorizedCharge, atMs: bigint): Promise<HoldResult> {
  const { walletId, policy } = charge.terms;
  const owner = { walletId, accountId: charge.accountId };
  const request = { callId: charge.callId, currency: policy.terms.currency, steps: [firstGrant(policy.terms)], postedMicros: 0n, atMs };
  const hold = async () => (await wallets.hold(owner, request)) ?? { grantedMs: 0n, isShort: true, availableMicros: 0n };
  const held = await hold();
  if (!held.isShort || !(await reclaimHolds(walletId, atMs))) return held;
  return hold();
}

function ended(): Error {
  return parleyError('grant.ended', 'the charge of this call was released or settled');
}
