import type { ChargeAuthorizationServiceService } from '@parley/contracts';
import type { HandlerOf } from '@parley/grpc';
import { toChargeAuthorization } from '../bus/convert.ts';
import type { createAuthorizeCharge } from '../usecases/authorize-charge.ts';
import { requireAddress, requireCallId, requirePolicyId } from './convert.ts';
import { causeOf, type Now } from './grant-command.ts';

export function authorizeChargeHandler(
  authorizeCharge: ReturnType<typeof createAuthorizeCharge>,
  now: Now,
): HandlerOf<ChargeAuthorizationServiceService['authorizeCharge']> {
  return async ({ callId, from, to, policyId }, { identity }) => {
    const authorized = await authorizeCharge({
      accountId: identity.accountId,
      callId: requireCallId(callId),
      from: requireAddress(from, 'from'),
      to,
      policyId: requirePolicyId(policyId),
      cause: causeOf(callId, now),
    });
    return { authorization: authorized && toChargeAuthorization(authorized.terms, authorized.grantedMs) };
  };
}
