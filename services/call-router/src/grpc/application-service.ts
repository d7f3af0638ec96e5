import { ApplicationServiceService } from '@parley/contracts';
import { grpcService, type GrpcService } from '@parley/grpc';
import type { ApplicationPorts } from '../usecases/write-application.ts';
import { assignAddressHandler } from './assign-address.ts';
import { createApplicationHandler } from './create-application.ts';
import { getApplicationHandler } from './get-application.ts';
import { listApplicationsHandler } from './list-applications.ts';
import { updateApplicationHandler } from './update-application.ts';

export function applicationService(ports: ApplicationPorts): GrpcService {
  return grpcService(ApplicationServiceService, {
    scope: 'api',
    handlers: {
      createApplication: createApplicationHandler(ports),
      getApplication: getApplicationHandler(ports),
      updateApplication: updateApplicationHandler(ports),
      listApplications: listApplicationsHandler(ports),
      assignAddress: assignAddressHandler(ports),
    },
  });
}
