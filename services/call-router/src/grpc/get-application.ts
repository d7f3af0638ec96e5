import type { ApplicationServiceService } from '@parley/contracts';
import type { HandlerOf } from '@parley/grpc';
import { found, type ApplicationPorts } from '../usecases/write-application.ts';
import { applicationProto } from './convert-application.ts';

export function getApplicationHandler({ applications }: ApplicationPorts): HandlerOf<ApplicationServiceService['getApplication']> {
  return async ({ applicationId }, { identity: { accountId } }) => {
    const application = found(await applications.find(accountId, applicationId));
    return { application: applicationProto(application, await applications.addressesOf(accountId, applicationId)) };
  };
}
