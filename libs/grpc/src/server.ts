import { Server, ServerCredentials, type UntypedServiceImplementation } from '@grpc/grpc-js';
import { parleyError } from '@parley/errors';
import { logger } from '@parley/telemetry';
import { HealthImplementation } from 'grpc-health-check';
import type { Scope } from './identity.ts';
import { createInFlight, type InFlight } from './in-flight.ts';
import { adaptHandler } from './method-adapters.ts';
import { addReflection } from './reflection.ts';
import { guardedMethod, type Handlers, type MethodDefinition, type ServiceDefinition } from './service-definition.ts';
import type { Verifier } from './token-verifier.ts';
import { useOurLog } from './transport-log.ts';

const log = logger('grpc');

/** A service with its handlers; made by grpcService. */
export interface GrpcService {
  readonly definition: ServiceDefinition;
  readonly handlers: Readonly<Record<string, unknown>>;
  readonly scope: Scope;
}

/** Binds a generated service to one handler per method. Every method asks for the scope. */
export function grpcService<const S extends object>(definition: S, { scope, handlers }: { readonly scope: Scope; readonly handlers: Handlers<S> }): GrpcService {
  return { definition: definition as unknown as ServiceDefinition, handlers, scope };
}

export interface GrpcServerOptions {
  /** 0 lets the system choose. */
  readonly port: number;
  /** Address to listen on; loopback by default. */
  readonly host?: string;
  readonly services: readonly GrpcService[];
  readonly verifier: Verifier;
  /** Largest request message; default 4 MiB. */
  readonly maxMessageBytes?: number;
  /** For unary calls: 10 s when the client set no deadline, 60 s at most. */
  readonly deadlines?: { readonly defaultMs: number; readonly maxMs: number };
}

export interface GrpcServer {
  readonly port: number;
  /** What gRPC health says of every service; not serving at first. Pass it to `scope.onReadiness`. */
  setServing(serving: boolean): void;
  /** Takes no new calls, waits for those in flight, and after `drainMs` (5 s) cancels them; handlers get 3 s to clean up. */
  stop(drainMs?: number): Promise<void>;
}

const mebibyte = 1024 * 1024;

/**
 * Starts a server with authentication, deadlines, the error table, health and reflection.
 * @throws ParleyError unavailable when the port cannot be had
 */
export async function createGrpcServer(options: GrpcServerOptions): Promise<GrpcServer> {
  const { maxMessageBytes = 4 * mebibyte } = options;
  useOurLog();
  const server = new Server({
    // A little more than is taken, so that a message that is too large gets our code and not the transport's bare status.
    'grpc.max_receive_message_length': maxMessageBytes + mebibyte,
    'grpc.max_send_message_length': maxMessageBytes + mebibyte,
    'grpc.max_concurrent_streams': 1_000,
    'grpc.keepalive_time_ms': 10_000,
    'grpc.keepalive_timeout_ms': 5_000,
  });
  const inFlight = createInFlight();
  const names = options.services.map((service) => addService(server, service, { ...options, maxMessageBytes, inFlight }));
  const health = new HealthImplementation();
  const setServing = (serving: boolean): void => ['', ...names].forEach((name) => health.setStatus(name, serving ? 'SERVING' : 'NOT_SERVING'));
  setServing(false);
  health.addToServer(server);
  await addReflection(server, names);
  const port = await bind(server, `${options.host ?? '127.0.0.1'}:${options.port}`);
  log.info({ port, services: names }, 'gRPC server listens');
  return { port, setServing, stop: (drainMs = 5_000) => stop(server, inFlight, drainMs) };
}

type Serving = Required<Pick<GrpcServerOptions, 'verifier' | 'maxMessageBytes'>> & Pick<GrpcServerOptions, 'deadlines'> & { readonly inFlight: InFlight };

function addService(server: Server, { definition, handlers, scope }: GrpcService, { verifier, deadlines, maxMessageBytes, inFlight }: Serving): string {
  const methods: Record<string, MethodDefinition<unknown, unknown>> = {};
  const implementation: UntypedServiceImplementation = {};
  for (const [name, method] of Object.entries(definition)) {
    const serving = {
      method: method.path.slice(1),
      scope,
      verifier,
      inFlight,
      deadlines: method.responseStream ? undefined : (deadlines ?? { defaultMs: 10_000, maxMs: 60_000 }),
    };
    methods[name] = guardedMethod(method, maxMessageBytes);
    implementation[name] = adaptHandler(method, handlers[name] as Parameters<typeof adaptHandler>[1], serving);
  }
  server.addService(methods, implementation);
  return Object.values(definition)[0]?.path.split('/')[1] ?? '';
}

function bind(server: Server, address: string): Promise<number> {
  return new Promise((resolve, reject) => {
    server.bindAsync(address, ServerCredentials.createInsecure(), (error, port) => {
      if (error === null) {
        resolve(port);
      } else {
        reject(parleyError('unavailable', `gRPC cannot listen on ${address}`, { cause: error }));
      }
    });
  });
}

/** How long handlers may take to clean up once their calls were cancelled. */
const cleanUpMs = 3_000;

async function stop(server: Server, inFlight: InFlight, drainMs: number): Promise<void> {
  const force = setTimeout(() => server.forceShutdown(), drainMs);
  try {
    await new Promise<void>((resolve) => {
      server.tryShutdown(() => resolve());
    });
  } finally {
    clearTimeout(force);
  }
  await inFlight.settled(cleanUpMs);
}
