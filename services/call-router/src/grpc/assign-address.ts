import type { ApplicationServiceService } from '@parley/contracts';
import type { HandlerOf } from '@parley/grpc';
import { assignAddress, type ApplicationPorts } from '../usecases/write-application.ts';
import { applicationProto } from './convert-application.ts';

export function assignAddressHandler(ports: ApplicationPorts): HandlerOf<ApplicationServiceService['assignAddress']> {
  return async ({ applicationId, address }, { identity: { accountId } }) => {
    const application = await assignAddress(ports, accountId, applicationId, address);
    return { application: applicationProto(application, await ports.applications.addressesOf(accountId, applicationId)) };
  };
}
