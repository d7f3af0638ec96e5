import { parleyError } from '@parley/errors';
import { correctionFor, type TimedOrder } from '../domain/charge-correction.ts';
import type { AdjustedFact } from '../domain/charge.ts';
import type { Correction } from '../domain/correction.ts';
import type { LedgerEntry } from '../domain/wallet.ts';
import { withFacts } from './charge-change.ts';
import { correctionKeyOf } from './charge-posting.ts';
import { findChargeId, type ChargeRef } from './charge-ref.ts';
import type { Cause, ChargeChange, ChargeRecord, ChargeStore, SettledRecord } from './charge-store.ts';
import { requireCharged } from './get-receipt.ts';
import type { RequestStore } from './request-store.ts';
import type { WalletStore } from './wallet-store.ts';

/** Something that is done to a settled charge by hand. */
export interface SettledCommand extends ChargeRef {
  readonly accountId: string;
  readonly requestId: string;
  /** Subject of the token. */
  readonly actor: string;
  /** Why, in words. */
  readonly note: string;
  /** Unix time in ms. */
  readonly atMs: bigint;
  readonly traceparent: string;
}

export interface CorrectionPorts {
  readonly charges: ChargeStore;
  readonly wallets: WalletStore;
  readonly requests: RequestStore;
}

/** A correction that was made, now or when it was asked for first. */
export interface MadeCorrection {
  readonly record: SettledRecord;
  readonly correction: Correction;
  /** Undefined: the difference is nothing. */
  readonly entry: LedgerEntry | undefined;
}

/**
 * Changes a settled charge by one conditional write, with what follows from it in its outbox. The request's id is tied to its
 * content before; `change` finds by it what was done already, and returns undefined then.
 * @throws ParleyError `not_found.receipt`, `charge.not_settled`, `request.idempotency_conflict`
 */
export async function changeSettled(
  { charges, requests }: CorrectionPorts,
  command: SettledCommand,
  content: readonly string[],
  change: (record: SettledRecord) => Promise<ChargeChange | undefined>,
): Promise<SettledRecord> {
  const { accountId, requestId, note } = command;
  const chargeId = await findChargeId(charges, command);
  requireSettled(await charges.find(chargeId), accountId);
  await requests.claim(accountId, requestId, requestContent(content, { chargeId, note }));
  const after = await charges.change(chargeId, async (record) => change(requireSettled(record, accountId)));
  return requireSettled(after, accountId);
}

/** What the id of a request is tied to. */
export function requestContent(content: readonly string[], { chargeId, note }: { readonly chargeId: string; readonly note: string }): readonly string[] {
  return [...content, chargeId, note];
}

/** What is asked for by this command, under an id. */
export function orderOf({ actor, note, atMs }: SettledCommand, id: string): TimedOrder {
  return { order: { id, actor, note }, atMs };
}

/** The charge after a correction by hand, with its event and what it books. */
export function corrected(record: SettledRecord, fact: AdjustedFact, { requestId, atMs, traceparent }: SettledCommand): ChargeChange {
  const cause: Cause = { id: requestId, atMs, traceparent };
  return withFacts(record, record.charge, [fact], cause);
}

/** The correction with its entry, which is booked by now. */
export async function madeCorrection(wallets: WalletStore, record: SettledRecord, reason: Correction['reason'], id: string): Promise<MadeCorrection> {
  const { charge, callId } = record;
  const correction = correctionFor(charge, reason, id);
  if (correction === undefined) throw parleyError('internal', 'a correction that was written is not there');
  const isBooked = correction.differenceMicros !== 0n;
  return { record, correction, entry: isBooked ? await wallets.entryOf(charge.terms.walletId, correctionKeyOf(callId, correction)) : undefined };
}

/** @throws ParleyError `not_found.receipt`, `charge.not_settled` */
export function requireSettled(record: ChargeRecord | undefined, accountId: string): SettledRecord {
  const charged = requireCharged(record, accountId);
  const { charge } = charged;
  if (charge.status !== 'settled') throw parleyError('charge.not_settled', 'the call is not settled yet');
  return { ...charged, charge };
}
