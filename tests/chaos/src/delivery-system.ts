import { freePorts } from '@parley/local';
import { startBalancer } from './balancer.ts';
import { startChaosPlatform, type ChaosPlatform } from './chaos-platform.ts';

/** Broker, database, subscription service and event-routers, each a process of its own, and what stands in front of them. */
export interface DeliverySystem extends Omit<ChaosPlatform, 'mongodbUrl' | 'serviceToken'> {
  /** Of the balancers in front of the event-routers. */
  readonly ports: { readonly grpc: number; readonly http: number };
  readonly subscriptionPort: number;
  readonly webhookPort: number;
}

export interface DeliverySystemOptions {
  readonly replicas: number;
  /** Gives the start up when aborted. */
  readonly signal?: AbortSignal;
}

/** Quicker than by default where a run would only wait; leases, and all else, are as they are. */
const routerEnvironment = {
  HEARTBEAT_MS: '1000',
  CLIENT_STALL_MS: '4000',
  WEBHOOK_TIMEOUT_MS: '2000',
  // No delivery is given up: endpoints are away for seconds.
  WEBHOOK_SCHEDULE: `0s${',500ms'.repeat(200)}`,
  // They are well again sooner than the longest pause by default is over.
  WEBHOOK_CIRCUIT_PAUSES: '500ms,1s,2s',
  DRAIN_MS: '1000',
};

export async function startDeliverySystem({ replicas, signal }: DeliverySystemOptions): Promise<DeliverySystem> {
  const all = await freePorts({ replicas });
  const { 'event-router': routers, subscription } = all.services;
  const ports = { ...all, services: { 'call-router': [], recognition: [], billing: [], 'event-router': routers, subscription: subscription.slice(0, 1) } };
  const balancers = { grpc: await startBalancer(routers.map(({ grpc }) => grpc)), http: await startBalancer(routers.map(({ http }) => http)) };
  const closeBalancers = () => Promise.all([balancers.grpc.close(), balancers.http.close()]);
  // What verification tokens are made for is where clients come in.
  const ofRouters = { ...routerEnvironment, EVENT_STREAM_URL: `http://127.0.0.1:${balancers.http.port}/v1/events` };
  const databasePrefix = `delivery_${Date.now().toString(36)}`;
  const platform = await startChaosPlatform({ name: 'delivery', ports, databasePrefix, environment: { 'event-router': ofRouters }, ownDatabase: false, signal }).catch(async (error: unknown) => {
    await closeBalancers();
    throw error;
  });
  return {
    ...platform,
    ports: { grpc: balancers.grpc.port, http: balancers.http.port },
    subscriptionPort: subscription[0]!.grpc,
    webhookPort: ports.webhookReceiver,
    stop: async (options) => {
      await closeBalancers();
      await platform.stop(options);
    },
  };
}
