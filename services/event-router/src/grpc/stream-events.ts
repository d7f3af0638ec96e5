import type { StreamEventsRequest, StreamEventsResponse } from '@parley/contracts';
import type { StreamContext } from '@parley/grpc';
import { fromEventFilterMessage } from '@parley/filters';
import { toEventMessage } from '../bus/convert.ts';
import type { EventEdge } from '../usecases/event-edge.ts';

/** EventService.StreamEvents: the subscriber's stream, until it goes. */
export function streamEventsHandler(edge: EventEdge) {
  return async ({ filter, cursor }: StreamEventsRequest, stream: StreamContext<StreamEventsResponse>): Promise<void> => {
    const subscription = await edge.open({ identity: stream.identity, filter: fromEventFilterMessage(filter), cursor });
    await subscription.follow({
      transport: 'grpc',
      signal: stream.signal,
      send: ({ cursor, event }) => stream.send({ cursor, event: event === undefined ? undefined : toEventMessage(event), events: [], notice: undefined }),
    });
  };
}
