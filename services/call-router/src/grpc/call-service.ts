import { CallServiceService } from '@parley/contracts';
import { grpcService, type GrpcService } from '@parley/grpc';
import type { RouterPorts } from '../usecases/router-ports.ts';
import { createCallHandler } from './create-call.ts';
import { getCallHandler } from './get-call.ts';
import { publishApplicationEventHandler } from './publish-application-event.ts';
import { updateCallHandler } from './update-call.ts';

export function callService(ports: RouterPorts): GrpcService {
  return grpcService(CallServiceService, {
    scope: 'api',
    handlers: {
      createCall: createCallHandler(ports),
      getCall: getCallHandler(ports),
      updateCall: updateCallHandler(ports),
      publishApplicationEvent: publishApplicationEventHandler(ports),
    },
  });
}
