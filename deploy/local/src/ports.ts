import { type Server, createServer } from 'node:net';
import { type ServiceName, serviceNames } from '../nats/roles.ts';
import { SetupError } from './setup-error.ts';

/** The one place of the ports of a local Parley. All are on loopback. */
export interface Ports {
  readonly nats: number;
  /** HTTP monitoring of nats-server. */
  readonly natsMonitor: number;
  readonly mongodb: number;
  /** One entry for each replica. */
  readonly services: Readonly<Record<ServiceName, readonly ServicePorts[]>>;
  /** The demo's application server, which answers with TwiML. */
  readonly applicationServer: number;
  /** The demo's receiver of webhooks. */
  readonly webhookReceiver: number;
}

export interface ServicePorts {
  readonly grpc: number;
  /** Health, metrics, and what else the service has over HTTP. */
  readonly http: number;
}

const infrastructure = { nats: 4222, natsMonitor: 8222, mongodb: 27017, applicationServer: 7190, webhookReceiver: 7191 };

/**
 * Ports of each service's first replica; the next one has the next port. All lie within one thousand, so that a second
 * Parley with an offset of 1000 finds none of them taken by the first.
 */
const firstReplica: Readonly<Record<ServiceName, ServicePorts>> = {
  'call-router': { grpc: 7010, http: 7110 },
  'event-router': { grpc: 7020, http: 7120 },
  subscription: { grpc: 7030, http: 7130 },
  recognition: { grpc: 7040, http: 7140 },
  billing: { grpc: 7050, http: 7150 },
};
const maxReplicas = 10;

export interface PortOptions {
  /** Replicas of each service; 1 by default. */
  readonly replicas?: number;
}

/**
 * The ports that are used by hand and in the documentation, all moved by `PARLEY_PORT_OFFSET` when it is set.
 * @throws SetupError when the offset is not a number that leaves all of them valid.
 */
export function standardPorts(options: PortOptions = {}, env: NodeJS.ProcessEnv = process.env): Ports {
  const offset = portOffset(env);
  return assignPorts(options, (port) => port + offset);
}

/** Ports that nothing uses at the moment; for tests, any number of which may run at the same time. */
export async function freePorts(options: PortOptions = {}): Promise<Ports> {
  let count = 0;
  assignPorts(options, () => count++);
  const found = await findFreePorts(count);
  return assignPorts(options, () => found.pop() as number);
}

function assignPorts({ replicas = 1 }: PortOptions, assign: (standard: number) => number): Ports {
  if (replicas > maxReplicas) throw new SetupError(`${replicas} replicas: ports are set aside for ${maxReplicas}`);
  const ofService = ({ grpc, http }: ServicePorts) =>
    Array.from({ length: replicas }, (_none, index) => ({ grpc: assign(grpc + index), http: assign(http + index) }));
  const services = {} as Record<ServiceName, readonly ServicePorts[]>;
  for (const name of serviceNames) services[name] = ofService(firstReplica[name]);
  return {
    nats: assign(infrastructure.nats),
    natsMonitor: assign(infrastructure.natsMonitor),
    mongodb: assign(infrastructure.mongodb),
    applicationServer: assign(infrastructure.applicationServer),
    webhookReceiver: assign(infrastructure.webhookReceiver),
    services,
  };
}

/** All standard ports lie below this, and an offset has to leave them below 65536. */
const highestStandardPort = infrastructure.mongodb;

function portOffset(env: NodeJS.ProcessEnv): number {
  const text = env['PARLEY_PORT_OFFSET'] ?? '';
  if (text === '') return 0;
  const offset = Number(text);
  if (!Number.isInteger(offset) || offset < 0 || highestStandardPort + offset > 65_535) {
    throw new SetupError(
      `PARLEY_PORT_OFFSET is ${JSON.stringify(text)}; it has to be a whole number from 0 to ${65_535 - highestStandardPort}.`,
    );
  }
  return offset;
}

// Below the range that systems take the ports of outgoing connections from, so that none of those takes a port between
// its being found and its being used.
const searchFrom = 20_000;
const searchTo = 32_000;

/** Finds ports that can be listened on, all of them at the same time. */
async function findFreePorts(count: number): Promise<number[]> {
  const held: Server[] = [];
  const ports: number[] = [];
  try {
    while (ports.length < count) {
      const port = searchFrom + Math.floor(Math.random() * (searchTo - searchFrom));
      const server = await tryListen(port);
      if (server === undefined) continue;
      held.push(server);
      ports.push(port);
    }
  } finally {
    await Promise.all(held.map((server) => new Promise((resolve) => server.close(resolve))));
  }
  return ports;
}

/** Whether nothing listens on a port of loopback. */
export async function isFree(port: number): Promise<boolean> {
  const server = await tryListen(port);
  if (server === undefined) return false;
  await new Promise((resolve) => server.close(resolve));
  return true;
}

function tryListen(port: number): Promise<Server | undefined> {
  return new Promise((resolve, reject) => {
    const server = createServer();
    server.on('error', (error: NodeJS.ErrnoException) => {
      if (error.code === 'EADDRINUSE' || error.code === 'EACCES') resolve(undefined);
      else reject(error);
    });
    server.listen({ port, host: '127.0.0.1', exclusive: true }, () => resolve(server));
  });
}
