import type { ChargeAuthorizationServiceService } from '@parley/contracts';
import type { HandlerOf } from '@parley/grpc';
import type { createExtendGrant } from '../usecases/extend-grant.ts';
import { toGrantCommand, type Now } from './grant-command.ts';

export function extendGrantHandler(extendGrant: ReturnType<typeof createExtendGrant>, now: Now): HandlerOf<ChargeAuthorizationServiceService['extendGrant']> {
  return async (request, call) => ({ grantedUntilMs: await extendGrant({ ...toGrantCommand(request, call, now), knownUntilMs: request.knownUntilMs }) });
}
