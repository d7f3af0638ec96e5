import type { Party } from '@parley/contracts';
import { invalidArgument, isParleyError, type FieldViolation } from '@parley/errors';
import type { CallContext } from '@parley/grpc';
import { currentTraceparent } from '@parley/telemetry';
import type { SettledCommand } from '../usecases/change-settled.ts';
import { requireCallId, requirePayer, requireRequestId } from './convert.ts';
import type { Now } from './grant-command.ts';

/** What each request says that changes a settled charge. */
export interface CorrectionRequest {
  readonly requestId: string;
  readonly callId: string;
  readonly payer?: Party | undefined;
  /** Why, in words. */
  readonly reason: string;
}

/** How each field of a request is read: gives its value, or throws what is wrong with it. */
type Readers<T> = { readonly [Name in keyof T]: () => T[Name] };

/**
 * Reads all fields of a request, so that all that is wrong with it is told at once.
 * @throws ParleyError `request.invalid_argument` with each fault; another fault of a value if there is no such
 */
export function readAll<T extends object>(readers: Readers<T>): T {
  const violations: FieldViolation[] = [];
  const others: unknown[] = [];
  const read = (Object.keys(readers) as (keyof T)[]).map((name) => {
    try {
      return [name, readers[name]()];
    } catch (error) {
      if (isParleyError(error, 'request.invalid_argument')) violations.push(...(error.details?.violations ?? []));
      else others.push(error);
      return [name, undefined];
    }
  });
  if (violations.length > 0) throw invalidArgument(violations);
  if (others.length > 0) throw others[0];
  return Object.fromEntries(read) as T;
}

type AskedFor = 'requestId' | 'callId' | 'payer' | 'note';

/** Of the fields that all of them have. */
export function correctionReaders({ requestId, callId, payer, reason }: CorrectionRequest): Readers<Required<Pick<SettledCommand, AskedFor>>> {
  return {
    requestId: () => requireRequestId(requestId),
    callId: () => requireCallId(callId),
    payer: () => requirePayer(payer),
    note: () => requireReason(reason),
  };
}

/** Who asks, and when. */
export function askedBy({ identity: { accountId, subject: actor } }: CallContext, now: Now): Omit<SettledCommand, AskedFor> {
  return { accountId, actor, atMs: now(), traceparent: currentTraceparent() ?? '' };
}

/** @throws ParleyError `request.invalid_argument` */
export function requireReason(reason: string): string {
  if (!/^[^\p{Cc}]{1,500}$/u.test(reason) || reason.trim() === '') {
    throw invalidArgument([{ field: 'reason', description: 'has to be 1 to 500 characters on one line' }]);
  }
  return reason;
}
