import { parleyError } from '@parley/errors';
import type { AuthorizedCharge, OpenCharge } from '../domain/charge.ts';
import type { Cause, ChargeRecord } from './charge-store.ts';

/** A command about the grant of a call. */
export interface GrantCommand {
  readonly accountId: string;
  readonly callId: string;
  readonly cause: Cause;
}

export type GrantedCharge = AuthorizedCharge | OpenCharge;

/**
 * The charge of a call that has a grant.
 * @throws ParleyError `grant.not_found`, also for another account's or a free call; `grant.ended`
 */
export function requireGranted(record: ChargeRecord | undefined, accountId: string): GrantedCharge {
  if (record === undefined || record.accountId !== accountId || record.charge.status === 'free') {
    throw parleyError('grant.not_found', 'the call has no grant');
  }
  const { charge } = record;
  if (charge.status === 'authorized' || charge.status === 'open') return charge;
  throw parleyError('grant.ended', 'the charge of this call was released or settled');
}
