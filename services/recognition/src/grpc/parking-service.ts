import { parkingHandlers, type Consumer, type ParkingStore } from '@parley/bus';
import { ParkingServiceService } from '@parley/contracts';
import { grpcService, type GrpcService } from '@parley/grpc';

/** parley.ops.v1.ParkingService: calls whose events could not be applied. */
export function parkingService(consumer: Consumer, parking: ParkingStore): GrpcService {
  return grpcService(ParkingServiceService, { scope: 'service', handlers: parkingHandlers(consumer, parking) });
}
