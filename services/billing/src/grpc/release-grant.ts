import type { ChargeAuthorizationServiceService } from '@parley/contracts';
import type { HandlerOf } from '@parley/grpc';
import type { createReleaseGrant } from '../usecases/release-grant.ts';
import { toGrantCommand, type Now } from './grant-command.ts';

export function releaseGrantHandler(releaseGrant: ReturnType<typeof createReleaseGrant>, now: Now): HandlerOf<ChargeAuthorizationServiceService['releaseGrant']> {
  return async (request, call) => {
    await releaseGrant(toGrantCommand(request, call, now));
    return {};
  };
}
