import { correctionFor, ratingBy, reRate, repeatsPolicy } from '../domain/charge-correction.ts';
import { withCorrection } from '../domain/charge-decision.ts';
import type { PolicyVersion } from '../domain/policy-terms.ts';
import type { Rating } from '../domain/rating.ts';
import { changeSettled, corrected, madeCorrection, orderOf, requireSettled, type CorrectionPorts, type MadeCorrection, type SettledCommand } from './change-settled.ts';
import { findChargeId } from './charge-ref.ts';
import type { ChargeChange, SettledRecord } from './charge-store.ts';
import { createCorrectionHold, type CorrectionHold } from './correction-hold.ts';
import type { PolicyStore } from './policy-store.ts';
import type { ReclaimHolds } from './reclaim-holds.ts';
import { requirePolicy } from './required-policy.ts';

export interface ReRateCommand extends SettledCommand {
  readonly policyId: string;
  /** 0: the latest. */
  readonly version: number;
  /** Only says what would come of it. */
  readonly dryRun: boolean;
}

export interface ReRated extends MadeCorrection {
  readonly policy: PolicyVersion;
  /** The call as the version rates it. */
  readonly rating: Rating;
}

export interface ReRatePorts extends CorrectionPorts {
  readonly policies: PolicyStore;
  readonly reclaimHolds: ReclaimHolds;
}

/**
 * Rates a settled call by another version of a policy, once per request id. What is booked is the difference to what the
 * call costs already: rated by the same version again, that is nothing.
 * @throws ParleyError `not_found.policy`, `charge.currency_mismatch`, `charge.payer_mismatch`, `wallet.insufficient_balance`, `money.invalid_amount`,
 *   `charge.too_many_corrections`, and those of `changeSettled`
 */
export function createReRateCharge(ports: ReRatePorts): (command: ReRateCommand) => Promise<ReRated> {
  const { charges, wallets, policies } = ports;
  return async (command) => {
    const { accountId, requestId, policyId, version, dryRun } = command;
    const policy = await requirePolicy(policies, accountId, policyId, version);
    if (dryRun) return tried(requireSettled(await charges.find(await findChargeId(charges, command)), accountId), policy, command);
    const hold = createCorrectionHold(ports, command.atMs);
    const record = await changeSettled(ports, command, ['rerating', policyId, String(version)], (before) => change(before, policy, command, hold));
    const made = await madeCorrection(wallets, record, 'rerating', requestId);
    const { policy: by = policy, utcOffsetMinutes } = made.correction;
    return { ...made, policy: by, rating: ratingBy(record.charge, { policy: by, utcOffsetMinutes }) };
  };
}

async function change(before: SettledRecord, policy: PolicyVersion, command: ReRateCommand, hold: CorrectionHold): Promise<ChargeChange | undefined> {
  const { charge } = before;
  await hold.dropStale(charge);
  if (correctionFor(charge, 'rerating', command.requestId) !== undefined) return undefined;
  const { fact } = reRate(charge, policy, orderOf(command, command.requestId));
  if (fact.differenceMicros > 0n) await hold.take(charge, fact.differenceMicros);
  // Nothing is told where nothing changes; it is noted, so that the same request does nothing later, either.
  if (repeatsPolicy(charge, fact)) return { record: { ...before, charge: withCorrection(charge, fact) }, effects: [] };
  return corrected(before, fact, command);
}

function tried(record: SettledRecord, policy: PolicyVersion, command: ReRateCommand): ReRated {
  const { fact, rating } = reRate(record.charge, policy, orderOf(command, command.requestId));
  return { record: { ...record, charge: withCorrection(record.charge, fact) }, correction: fact, entry: undefined, policy, rating };
}
