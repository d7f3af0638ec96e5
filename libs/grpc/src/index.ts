export { bearerToken, requireScope, type Identity, type Scope } from './identity.ts';
export { createVerifier, type Verifier, type VerifierOptions } from './token-verifier.ts';
export { createServiceTokens, createSigner, type Signer, type TokenContent } from './token-signer.ts';
export type {
  BidiHandler,
  CallContext,
  HandlerOf,
  Handlers,
  ServerStreamHandler,
  StreamContext,
  UnaryHandler,
} from './service-definition.ts';
export { createGrpcServer, grpcService, type GrpcServer, type GrpcServerOptions, type GrpcService } from './server.ts';
export { createClient, type ClientOptions, type GrpcClient } from './client.ts';
export type { BidiStream, CallOptions, ServerStream, TokenSource } from './client-calls.ts';
export { errorCodeTrailer, errorDetailsTrailer, errorOfStatus, statusOf } from './status.ts';
