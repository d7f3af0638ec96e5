import { once } from 'node:events';
import { setImmediate } from 'node:timers/promises';
import type {
  ServerDuplexStream,
  ServerUnaryCall,
  ServerWritableStream,
  UntypedHandleCall,
  sendUnaryData,
} from '@grpc/grpc-js';
import { parleyError } from '@parley/errors';
import { EncodedMessage, UnreadableRequest, type BidiHandler, type CallContext, type ServerStreamHandler, type StreamContext, type UnaryHandler } from './service-definition.ts';
import { serveCall, type MethodServing } from './served-call.ts';
import { statusOf } from './status.ts';

type AnyHandler = UnaryHandler<unknown, unknown> | ServerStreamHandler<unknown, unknown> | BidiHandler<unknown, unknown>;

/** What grpc-js calls for a method of this shape. */
export function adaptHandler(
  { requestStream, responseStream }: { readonly requestStream: boolean; readonly responseStream: boolean },
  handler: AnyHandler,
  serving: MethodServing,
): UntypedHandleCall {
  if (requestStream) {
    return bidi(handler as BidiHandler<unknown, unknown>, serving);
  }
  return responseStream ? serverStream(handler as ServerStreamHandler<unknown, unknown>, serving) : unary(handler as UnaryHandler<unknown, unknown>, serving);
}

function unary(handler: UnaryHandler<unknown, unknown>, serving: MethodServing) {
  return (call: ServerUnaryCall<unknown, unknown>, callback: sendUnaryData<unknown>): void => {
    const answer = async (): Promise<void> => {
      let response: unknown;
      try {
        response = await serveCall(serving, call, async (context) => handler(readable(call.request), context));
      } catch (error) {
        callback(statusOf(error));
        return;
      }
      callback(null, response);
    };
    void answer();
  };
}

function serverStream(handler: ServerStreamHandler<unknown, unknown>, serving: MethodServing) {
  return (call: ServerWritableStream<unknown, unknown>): void => {
    endWith(call, serveCall(serving, call, (context) => handler(readable(call.request), streamContext(call, context))));
  };
}

function bidi(handler: BidiHandler<unknown, unknown>, serving: MethodServing) {
  return (call: ServerDuplexStream<unknown, unknown>): void => {
    endWith(call, serveCall(serving, call, (context) => handler(messages(call, context.signal), streamContext(call, context))));
  };
}

type OutgoingCall = ServerWritableStream<unknown, unknown> | ServerDuplexStream<unknown, unknown>;

/** Ends a stream as its handler ended. grpc-js takes an `error` event as the status to end with. */
function endWith(call: OutgoingCall, served: Promise<void>): void {
  served.then(
    () => call.end(),
    (error: unknown) => void (call.destroyed ? undefined : call.emit('error', statusOf(error))),
  );
}

function streamContext(call: OutgoingCall, context: CallContext): StreamContext<unknown> {
  // A cancelled call never drains.
  const drained = async (): Promise<void> => {
    if (call.writableNeedDrain) await once(call, 'drain', { signal: context.signal }).catch(() => undefined);
  };
  return {
    ...context,
    async send(message) {
      if (context.signal.aborted) {
        throw gone();
      }
      if (!call.write(message)) await drained();
      if (context.signal.aborted) throw gone();
    },
    writeEncoded: (message) => context.signal.aborted || call.write(new EncodedMessage(message)),
    room: drained,
  };
}

async function* messages(call: ServerDuplexStream<unknown, unknown>, signal: AbortSignal): AsyncGenerator {
  try {
    // Left open when the handler stops reading: it may still have something to send.
    for await (const message of call.iterator({ destroyOnReturn: false })) {
      yield readable(message);
    }
    // A client that vanished looks like one that half-closed, until the stream's close is seen a moment later.
    await setImmediate();
  } catch (error) {
    throw signal.aborted ? gone() : error;
  }
  if (signal.aborted) {
    throw gone();
  }
}

function readable(request: unknown): unknown {
  if (request instanceof UnreadableRequest) {
    throw request.error;
  }
  return request;
}

function gone(): Error {
  return parleyError('request.cancelled', 'the client went away');
}
