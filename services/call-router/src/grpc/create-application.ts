import type { ApplicationServiceService } from '@parley/contracts';
import type { HandlerOf } from '@parley/grpc';
import { createApplication, type ApplicationPorts } from '../usecases/write-application.ts';
import { applicationProto, settingsFromProto } from './convert-application.ts';

export function createApplicationHandler(ports: ApplicationPorts): HandlerOf<ApplicationServiceService['createApplication']> {
  return async ({ requestId, application }, { identity: { accountId } }) => {
    const created = await createApplication(ports, { accountId, requestId, settings: settingsFromProto(application) });
    const addresses = await ports.applications.addressesOf(accountId, created.applicationId);
    return { application: applicationProto(created, addresses), signingKey: created.signingKey };
  };
}
