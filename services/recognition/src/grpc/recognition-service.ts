import { RecognitionServiceService } from '@parley/contracts';
import { grpcService, type GrpcService } from '@parley/grpc';
import type { ObservePorts } from '../usecases/observe.ts';
import { observeHandler } from './observe.ts';

/** parley.recognition.v1.RecognitionService, for devices with an `observe` token. */
export function recognitionService(ports: ObservePorts): GrpcService {
  return grpcService(RecognitionServiceService, { scope: 'observe', handlers: { observe: observeHandler(ports) } });
}
