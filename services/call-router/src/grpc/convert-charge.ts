import { parleyError } from '@parley/errors';
import { Party, Payer, type ChargeAuthorization as ChargeAuthorizationProto, type PolicyTerms as PolicyTermsProto, type PriceTerms as PriceTermsProto } from '@parley/contracts';
import type { ChargeAuthorization, PolicyTerms } from '../domain/call/policy.ts';
import { onExhausted, partyProto, roundings, wordOf } from './enums.ts';

/** Terms that are milliseconds: int64 in the contract, numbers in the domain. A policy of before liveness has none of it. */
const millisecondTerms = ['unitMs', 'freePeriodMs', 'faceAbsentMs', 'voiceAbsentMs', 'textAbsentMs', 'textHoldMs', 'maxGapMs', 'livenessMs', 'entryGridMs', 'grantMs'] as const;
type Milliseconds<T> = Record<(typeof millisecondTerms)[number], T>;

export function chargeProto({ walletId, calleeWalletId = '', payer, policy, grantedUntilMs, utcOffsetMinutes = 0 }: ChargeAuthorization): ChargeAuthorizationProto {
  const { terms } = policy;
  const milliseconds = Object.fromEntries(millisecondTerms.map((name) => [name, BigInt(terms[name])])) as Milliseconds<bigint>;
  return {
    walletId,
    calleeWalletId,
    payer: partyProto(payer),
    grantedUntilMs: BigInt(grantedUntilMs),
    utcOffsetMinutes,
    policy: { ...policy, terms: { ...terms, ...milliseconds, rounding: roundings[terms.rounding], prices: pricesProto(terms.prices), onExhausted: terms.onExhausted && onExhausted[terms.onExhausted] } },
  };
}

/** What an unset field is, the database does not keep, and prices of before a field have it not: the contract wants it named. */
function pricesProto(prices: PolicyTerms['prices']): PriceTermsProto | undefined {
  if (prices === undefined) return undefined;
  const { tiers, weekBands = [], facePermille, voicePermille, textPermille, timeZone = '', resumeAfterMs = 0n, payer = Payer.UNSPECIFIED, hostPermille = 0, ...amounts } = prices;
  return { ...amounts, tiers: [...tiers], weekBands: [...weekBands], facePermille, voicePermille, textPermille, timeZone, resumeAfterMs, payer: payer as Payer, hostPermille };
}

/** @throws ParleyError call.billing_unavailable: billing's answer is not one that a call can be charged by */
export function chargeFromProto({ walletId, calleeWalletId, payer, policy, grantedUntilMs, utcOffsetMinutes }: ChargeAuthorizationProto): ChargeAuthorization {
  if (policy?.terms === undefined || payer === Party.UNSPECIFIED) throw unusable();
  return {
    walletId,
    ...(calleeWalletId !== '' && { calleeWalletId }),
    payer: payer === Party.CALLEE ? 'callee' : 'caller',
    grantedUntilMs: Number(grantedUntilMs),
    utcOffsetMinutes,
    policy: { policyId: policy.policyId, version: policy.version, terms: termsFromProto(policy.terms) },
  };
}

function termsFromProto(terms: PolicyTermsProto): PolicyTerms {
  const rounding = wordOf(roundings, terms.rounding);
  if (rounding === undefined) throw unusable();
  const milliseconds = Object.fromEntries(millisecondTerms.map((name) => [name, Number(terms[name] ?? 0n)])) as Milliseconds<number>;
  // A way of ending that this build does not know ends the call.
  return { ...terms, ...milliseconds, rounding, onExhausted: terms.onExhausted === undefined ? undefined : wordOf(onExhausted, terms.onExhausted) };
}

function unusable() {
  return parleyError('call.billing_unavailable', 'the answer of billing is incomplete');
}
