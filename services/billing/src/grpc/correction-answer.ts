import type { ChargeCorrection, RefundChargeResponse } from '@parley/contracts';
import { toMoney } from '../bus/convert.ts';
import type { Correction } from '../domain/correction.ts';
import { entryIdOf } from '../domain/wallet.ts';
import type { MadeCorrection } from '../usecases/change-settled.ts';

export function toCorrection({ reason: kind, differenceMicros, atMs, order, policy }: Correction, currency: string): ChargeCorrection {
  return {
    kind,
    time: atMs === undefined ? undefined : new Date(Number(atMs)),
    reason: order?.note ?? '',
    actor: order?.actor ?? '',
    difference: toMoney(currency, differenceMicros),
    policyId: policy?.policyId ?? '',
    policyVersion: policy?.version ?? 0,
  };
}

export function toCorrectionAnswer({ record: { charge }, correction, entry }: MadeCorrection): RefundChargeResponse {
  const { currency } = charge.terms.policy.terms;
  return {
    correction: toCorrection(correction, currency),
    entryId: entry === undefined ? '' : entryIdOf(entry),
    correctedTotal: toMoney(currency, charge.published.chargedMicros),
  };
}
