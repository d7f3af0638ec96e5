import type { StartPosition, StreamEventsRequest, StreamEventsResponse } from '@parley/contracts';
import { invalidArgument } from '@parley/errors';
import { fromEventFilterMessage } from '@parley/filters';
import type { StreamContext } from '@parley/grpc';
import { fromDuration } from '../bus/convert-duration.ts';
import { grantOf } from '../usecases/stream-grant.ts';
import type { EventEdge } from '../usecases/event-edge.ts';
import type { Start } from '../usecases/open-subscriber.ts';
import { responseEncoder } from './response-encoder.ts';

const mostEvents = 1_000;

/** EventService.StreamEvents: the subscriber's stream, until it goes. */
export function streamEventsHandler(edge: EventEdge) {
  return async ({ filter, cursor, start, maxEvents }: StreamEventsRequest, stream: StreamContext<StreamEventsResponse>): Promise<void> => {
    if (maxEvents < 0 || maxEvents > mostEvents) throw invalidArgument([{ field: 'max_events', description: `is not from 0 to ${mostEvents}` }]);
    const opened = await edge.open({ grant: grantOf(stream.identity), filter: fromEventFilterMessage(filter), cursor, start: fromStart(start) });
    const encode = responseEncoder(maxEvents);
    await opened.follow({
      transport: 'grpc',
      signal: stream.signal,
      send: (batch) => batch.encoded(encode).reduce((_, response) => stream.writeEncoded(response), true),
      room: () => stream.room(),
    });
  };
}

/** @throws ParleyError `request.invalid_argument` */
function fromStart(start: StartPosition | undefined): Start {
  switch (start?.position?.$case) {
    case 'lookback': {
      const ms = fromDuration(start.position.value);
      if (ms < 0) throw invalidArgument([{ field: 'start.lookback', description: 'is negative' }]);
      return { kind: 'lookback', ms };
    }
    case 'beginningOfCall':
      return start.position.value ? { kind: 'beginning_of_call' } : { kind: 'now' };
    case undefined:
      return { kind: 'now' };
  }
}
