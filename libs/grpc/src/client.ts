import { Client, credentials } from '@grpc/grpc-js';
import { callUnary, openBidiStream, openServerStream, type BidiStream, type CallOptions, type ServerStream, type TokenSource } from './client-calls.ts';
import { channelOptions, channelTarget } from './client-channel.ts';
import type { MethodDefinition, RequestOf, ResponseOf } from './service-definition.ts';
import { useOurLog } from './transport-log.ts';

type MethodCall<M> = M extends { readonly requestStream: false; readonly responseStream: false }
  ? (request: RequestOf<M>, options?: CallOptions) => Promise<ResponseOf<M>>
  : M extends { readonly requestStream: false; readonly responseStream: true }
    ? (request: RequestOf<M>, options?: CallOptions) => Promise<ServerStream<ResponseOf<M>>>
    : M extends { readonly requestStream: true; readonly responseStream: true }
      ? (options?: CallOptions) => Promise<BidiStream<RequestOf<M>, ResponseOf<M>>>
      : never;

/** One promise-returning function per method, and close(). Failures are ParleyErrors with the server's code. */
export type GrpcClient<S> = { readonly [M in keyof S]: MethodCall<S[M]> } & {
  /** Ends the connections; calls in flight fail. */
  close(): void;
};

export interface ClientOptions {
  /** `host:port`, or several `ip:port` separated by commas. */
  readonly address: string;
  readonly token?: TokenSource;
  /** Of unary calls; default 10 s. */
  readonly deadlineMs?: number;
  /** Wait for a connection, up to the deadline, instead of failing at once while the server is away. Default: true. */
  readonly waitForReady?: boolean;
  /** Largest message; default 5 MiB. */
  readonly maxMessageBytes?: number;
}

/** @param serviceClient as ts-proto generates it (`XServiceClient`) */
export function createClient<S extends object>(serviceClient: { readonly service: S }, options: ClientOptions): GrpcClient<S> {
  const { address, token, deadlineMs = 10_000, waitForReady = true, maxMessageBytes = 5 * 1024 * 1024 } = options;
  useOurLog();
  const client = new Client(channelTarget(address), credentials.createInsecure(), channelOptions(maxMessageBytes));
  const defaults = { token, deadlineMs, waitForReady };
  const calls: Record<string, unknown> = { close: () => client.close() };
  for (const [name, method] of Object.entries(serviceClient.service as Record<string, MethodDefinition>)) {
    if (method.requestStream) {
      calls[name] = (callOptions?: CallOptions) => openBidiStream(client, method, defaults, callOptions);
    } else if (method.responseStream) {
      calls[name] = (request: unknown, callOptions?: CallOptions) => openServerStream(client, method, defaults, request, callOptions);
    } else {
      calls[name] = (request: unknown, callOptions?: CallOptions) => callUnary(client, method, defaults, request, callOptions);
    }
  }
  return calls as GrpcClient<S>;
}
