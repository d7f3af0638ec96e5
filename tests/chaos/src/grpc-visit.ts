import { credentials, Metadata, status, type ServiceError } from '@grpc/grpc-js';
import { EventServiceClient, StreamEventsRequest, type Event, type StreamEventsResponse } from '@parley/contracts';
import { errorCodeTrailer } from '@parley/grpc';
import { toMessage } from './soak-filter.ts';
import type { Visit, VisitEnd, VisitOptions } from './visit.ts';

/** What a client cannot cure by coming back. */
const forGood = new Set([status.INVALID_ARGUMENT, status.UNAUTHENTICATED, status.PERMISSION_DENIED, status.OUT_OF_RANGE, status.FAILED_PRECONDITION, status.UNIMPLEMENTED]);

/** EventService.StreamEvents with the stock client, on a connection of its own. */
export function visitOverGrpc({ port, token, filter, cursor, maxEvents, onMessage }: VisitOptions): Visit {
  const client = new EventServiceClient(`127.0.0.1:${port}`, credentials.createInsecure(), { 'grpc.use_local_subchannel_pool': 1 });
  const metadata = new Metadata();
  metadata.set('authorization', `Bearer ${token}`);
  const call = client.streamEvents(StreamEventsRequest.fromPartial({ filter: toMessage(filter), cursor, maxEvents }), metadata);
  let isLeft = false;
  const ended = new Promise<VisitEnd>((resolve) => {
    call.on('data', (response: StreamEventsResponse) => {
      // What was on its way when the client broke off never reached it.
      if (!isLeft) onMessage(response.cursor, [...(response.event === undefined ? [] : [response.event]), ...response.events].map(fromMessage));
    });
    call.on('error', (error: ServiceError) => resolve(isLeft ? { kind: 'left', why: 'left' } : endOf(error)));
    call.on('end', () => resolve({ kind: isLeft ? 'left' : 'broken', why: 'the stream ended' }));
  }).finally(() => client.close());
  return {
    ended,
    pause: () => void call.pause(),
    resume: () => void call.resume(),
    leave: () => {
      isLeft = true;
      call.cancel();
      // A paused stream would not get to its end.
      call.resume();
    },
  };
}

function endOf({ code, details, metadata }: ServiceError): VisitEnd {
  const why = `${status[code]} ${metadata.get(errorCodeTrailer)[0]?.toString() ?? ''} ${details}`;
  return { kind: forGood.has(code) ? 'refused' : 'broken', why };
}

function fromMessage({ id, source, sequence, type }: Event) {
  return { id, source, sequence, type };
}
