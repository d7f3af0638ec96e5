import type { ApplicationServiceService } from '@parley/contracts';
import type { HandlerOf } from '@parley/grpc';
import { updateApplication, type ApplicationPorts } from '../usecases/write-application.ts';
import { applicationProto, settingsFromProto } from './convert-application.ts';

export function updateApplicationHandler(ports: ApplicationPorts): HandlerOf<ApplicationServiceService['updateApplication']> {
  return async ({ application }, { identity: { accountId } }) => {
    const updated = await updateApplication(ports, accountId, application?.applicationId ?? '', settingsFromProto(application));
    return { application: applicationProto(updated, await ports.applications.addressesOf(accountId, updated.applicationId)) };
  };
}
