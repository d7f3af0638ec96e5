import type { CallContext } from '@parley/grpc';
import { currentTraceparent } from '@parley/telemetry';
import type { Cause } from '../usecases/charge-store.ts';
import type { GrantCommand } from '../usecases/granted-charge.ts';
import { requireCallId } from './convert.ts';

/** Unix time in ms. */
export type Now = () => bigint;

/** A request about a call as a cause: it happened now. */
export function causeOf(callId: string, now: Now): Cause {
  return { id: `${callId}/grant`, atMs: now(), traceparent: currentTraceparent() ?? '' };
}

export function toGrantCommand({ callId }: { callId: string }, { identity }: CallContext, now: Now): GrantCommand {
  return { accountId: identity.accountId, callId: requireCallId(callId), cause: causeOf(callId, now) };
}
