import { once } from 'node:events';
import { Metadata, status, type CallOptions as GrpcCallOptions, type Client, type ClientDuplexStream, type ClientReadableStream } from '@grpc/grpc-js';
import { parleyError } from '@parley/errors';
import { attributeNames, currentTraceparent, timed, traceparentHeader, withSpan } from '@parley/telemetry';
import type { MethodDefinition } from './service-definition.ts';
import { errorOfStatus } from './status.ts';

/** A bearer token, or whoever makes one when it is needed. */
export type TokenSource = string | (() => string | Promise<string>);

export interface CallOptions {
  /** Instead of the client's. */
  readonly token?: TokenSource;
  /** Instead of the client's; of a stream: for all of it. */
  readonly deadlineMs?: number;
  /** Gives the call up. */
  readonly signal?: AbortSignal;
}

/** What a client puts on each call unless the call says otherwise. */
export interface CallDefaults {
  readonly token: TokenSource | undefined;
  readonly deadlineMs: number;
  readonly waitForReady: boolean;
}

export interface ServerStream<Response> extends AsyncIterable<Response> {
  cancel(): void;
}

export interface BidiStream<Request, Response> extends ServerStream<Response> {
  /** Resolves when there is room for the next message. @throws ParleyError when the stream has ended */
  send(message: Request): Promise<void>;
  /** Half-closes: nothing more is sent. */
  end(): void;
}

async function metadataFor({ token, waitForReady }: Pick<CallDefaults, 'token' | 'waitForReady'>): Promise<Metadata> {
  const metadata = new Metadata({ waitForReady });
  const bearer = typeof token === 'function' ? await token() : token;
  if (bearer !== undefined) {
    metadata.set('authorization', `Bearer ${bearer}`);
  }
  const traceparent = currentTraceparent();
  if (traceparent !== undefined) {
    metadata.set(traceparentHeader, traceparent);
  }
  return metadata;
}

/** @throws ParleyError that the server threw, or one for the transport's failure */
export function callUnary(client: Client, method: MethodDefinition, defaults: CallDefaults, request: unknown, options: CallOptions = {}): Promise<unknown> {
  const name = method.path.slice(1);
  const labels = { [attributeNames.rpcMethod]: name };
  const work = async (): Promise<unknown> => {
    const metadata = await metadataFor({ ...defaults, token: options.token ?? defaults.token });
    const deadline = Date.now() + (options.deadlineMs ?? defaults.deadlineMs);
    options.signal?.throwIfAborted();
    return new Promise((resolve, reject) => {
      const call = client.makeUnaryRequest(
        method.path,
        method.requestSerialize as (value: unknown) => Buffer,
        method.responseDeserialize,
        request,
        metadata,
        { deadline },
        (error, response) => {
          options.signal?.removeEventListener('abort', cancel);
          if (error === null) {
            resolve(response);
          } else {
            reject(errorOfStatus(error));
          }
        },
      );
      const cancel = (): void => call.cancel();
      options.signal?.addEventListener('abort', cancel, { once: true });
    });
  };
  return withSpan(name, labels, () => timed('parley.grpc.client.duration', labels, work), { kind: 'client' });
}

export async function openServerStream(
  client: Client,
  method: MethodDefinition,
  defaults: CallDefaults,
  request: unknown,
  options: CallOptions = {},
): Promise<ServerStream<unknown>> {
  const metadata = await metadataFor({ ...defaults, token: options.token ?? defaults.token });
  const call = client.makeServerStreamRequest(
    method.path,
    method.requestSerialize as (value: unknown) => Buffer,
    method.responseDeserialize,
    request,
    metadata,
    streamOptions(options),
  );
  return incoming(call, options.signal);
}

export async function openBidiStream(
  client: Client,
  method: MethodDefinition,
  defaults: CallDefaults,
  options: CallOptions = {},
): Promise<BidiStream<unknown, unknown>> {
  const metadata = await metadataFor({ ...defaults, token: options.token ?? defaults.token });
  const call: ClientDuplexStream<unknown, unknown> = client.makeBidiStreamRequest(
    method.path,
    method.requestSerialize as (value: unknown) => Buffer,
    method.responseDeserialize,
    metadata,
    streamOptions(options),
  );
  const over = endOf(call);
  return {
    ...incoming(call, options.signal),
    async send(message) {
      over.check();
      if (!call.write(message)) {
        await once(call, 'drain', { signal: over.signal }).catch(() => over.check());
      }
    },
    end: () => void call.end(),
  };
}

function streamOptions({ deadlineMs }: CallOptions): GrpcCallOptions {
  return deadlineMs === undefined ? {} : { deadline: Date.now() + deadlineMs };
}

type IncomingCall = ClientReadableStream<unknown> | ClientDuplexStream<unknown, unknown>;

/** The messages of a stream; iteration ends with it, and throws what ended it otherwise. Stopping early cancels it. */
function incoming(call: IncomingCall, signal: AbortSignal | undefined): ServerStream<unknown> {
  const cancel = (): void => call.cancel();
  signal?.addEventListener('abort', cancel, { once: true });
  let failure: Error | undefined;
  // Kept for an iteration that has not begun yet; without a listener the process would end.
  call.on('error', (error: Error) => {
    failure = error;
  });
  async function* messages(): AsyncGenerator {
    try {
      if (failure !== undefined) {
        throw failure;
      }
      yield* call.iterator({ destroyOnReturn: false });
    } catch (error) {
      throw errorOfStatus(failure ?? error);
    } finally {
      signal?.removeEventListener('abort', cancel);
      call.cancel();
    }
  }
  return { cancel, [Symbol.asyncIterator]: messages };
}

/** Knows when a stream has ended, so that a sender does not wait for ever. */
function endOf(call: IncomingCall): { readonly signal: AbortSignal; check(): void } {
  const abort = new AbortController();
  let reason: unknown;
  call.on('status', (ended) => {
    reason = ended.code === status.OK ? parleyError('request.cancelled', 'the server has ended the stream') : Object.assign(new Error(ended.details), ended);
    abort.abort();
  });
  return {
    signal: abort.signal,
    check() {
      if (abort.signal.aborted) {
        throw errorOfStatus(reason);
      }
    },
  };
}
