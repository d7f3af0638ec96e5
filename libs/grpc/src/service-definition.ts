import { parleyError, type ParleyError } from '@parley/errors';
import type { Identity } from './identity.ts';

/** A method as ts-proto generates it. */
export interface MethodDefinition<Request = never, Response = never> {
  readonly path: string;
  readonly requestStream: boolean;
  readonly responseStream: boolean;
  readonly requestSerialize: (value: Request) => Buffer;
  readonly requestDeserialize: (value: Buffer) => Request;
  readonly responseSerialize: (value: Response) => Buffer;
  readonly responseDeserialize: (value: Buffer) => Response;
}

/** A service as ts-proto generates it (`XService`). */
export type ServiceDefinition = Readonly<Record<string, MethodDefinition>>;

export type RequestOf<M> = M extends { readonly requestDeserialize: (value: Buffer) => infer Request } ? Request : never;
export type ResponseOf<M> = M extends { readonly responseDeserialize: (value: Buffer) => infer Response } ? Response : never;

/** What a handler knows about its call. */
export interface CallContext {
  readonly identity: Identity;
  /** `parley.call.v1.CallService/GetCall` */
  readonly method: string;
  /** Aborted when the client goes away or the deadline passes. */
  readonly signal: AbortSignal;
  /** When a unary call has to be answered; a stream has none unless its client set one. */
  readonly deadline: Date | undefined;
}

export interface StreamContext<Response> extends CallContext {
  /**
   * Sends a message; resolves when there is room for the next, so that a slow client slows its sender.
   * @throws ParleyError request.cancelled when the client is gone
   */
  send(message: Response): Promise<void>;
  /** For a message that is encoded already, because it goes to many. @returns whether there is room for the next */
  writeEncoded(message: Uint8Array): boolean;
  /** Resolves when there is room, or the client is gone. */
  room(): Promise<void>;
}

export type UnaryHandler<Request, Response> = (request: Request, call: CallContext) => Promise<Response> | Response;
/** The stream ends when the handler returns; what it throws is the stream's status. */
export type ServerStreamHandler<Request, Response> = (request: Request, stream: StreamContext<Response>) => Promise<void>;
/** The iteration ends when the client half-closes, and throws request.cancelled when it goes away. */
export type BidiHandler<Request, Response> = (requests: AsyncIterable<Request>, stream: StreamContext<Response>) => Promise<void>;

export type HandlerOf<M> = M extends { readonly requestStream: false; readonly responseStream: false }
  ? UnaryHandler<RequestOf<M>, ResponseOf<M>>
  : M extends { readonly requestStream: false; readonly responseStream: true }
    ? ServerStreamHandler<RequestOf<M>, ResponseOf<M>>
    : M extends { readonly requestStream: true; readonly responseStream: true }
      ? BidiHandler<RequestOf<M>, ResponseOf<M>>
      : never;

export type Handlers<S> = { readonly [M in keyof S]: HandlerOf<S[M]> };

/** Stands in for a request that could not be read: grpc-js would answer INTERNAL, which blames the wrong side. */
export class UnreadableRequest {
  readonly error: ParleyError;

  constructor(error: ParleyError) {
    this.error = error;
  }
}

/** A response that is encoded already. */
export class EncodedMessage {
  readonly bytes: Buffer;

  constructor(bytes: Uint8Array) {
    this.bytes = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  }
}

/** The method with a deserialiser that never throws, and a serialiser that lets through what is encoded already. */
export function guardedMethod(method: MethodDefinition, maxMessageBytes: number): MethodDefinition<unknown, unknown> {
  const { requestDeserialize, responseSerialize, ...rest } = method as unknown as MethodDefinition<unknown, unknown>;
  return {
    ...rest,
    responseSerialize: (message) => (message instanceof EncodedMessage ? message.bytes : responseSerialize(message)),
    requestDeserialize(bytes) {
      if (bytes.length > maxMessageBytes) {
        return new UnreadableRequest(parleyError('request.too_large', `a message of ${bytes.length} bytes is larger than ${maxMessageBytes}`));
      }
      try {
        return requestDeserialize(bytes);
      } catch (error) {
        return new UnreadableRequest(parleyError('request.malformed', 'the message is not the protobuf of this method', { cause: error }));
      }
    },
  };
}
