import { EventServiceService } from '@parley/contracts';
import { grpcService, type GrpcService } from '@parley/grpc';
import type { EventEdge } from '../usecases/event-edge.ts';
import { streamEventsHandler } from './stream-events.ts';

/** parley.event.v1.EventService, for the account of the caller's token. */
export function eventService(edge: EventEdge): GrpcService {
  return grpcService(EventServiceService, { scope: 'api', handlers: { streamEvents: streamEventsHandler(edge) } });
}
