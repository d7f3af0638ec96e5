import { buckets, connectBus, mongoParking, mongoPositions, oneByOne, parkingHandlers, startConsumer } from '@parley/bus';
import type { ConfigOf } from '@parley/config';
import { ParkingServiceService } from '@parley/contracts';
import { createEgress } from '@parley/egress';
import { createGrpcServer, createVerifier, grpcService } from '@parley/grpc';
import { instanceId, runService, startHttp, type Scope } from '@parley/lifecycle';
import { connectStore } from '@parley/store';
import { logger, startTelemetry } from '@parley/telemetry';
import { startSubscriptionFeed } from './bus/subscription-feed.ts';
import { configDefinition } from './config.ts';
import { eventService } from './grpc/event-service.ts';
import { webhookService } from './grpc/webhook-service.ts';
import { ssePreflightRoute, sseRoute } from './http/sse-route.ts';
import { webSocketRoute } from './http/websocket-route.ts';
import { startEdge } from './streaming/start-edge.ts';
import { AccountDirectory } from './usecases/account-directory.ts';
import { createWebhooks } from './webhook/create-dispatcher.ts';

const service = 'event-router';
const log = logger(service);

/** Starts the service; it stops with the scope. */
export async function start(scope: Scope, config: ConfigOf<typeof configDefinition>): Promise<{ readonly grpcPort: number; readonly httpPort: number }> {
  const instance = instanceId(config.instanceName);
  const { logLevel, spansFile, otelExporterOtlpEndpoint: otlpEndpoint } = config;
  const telemetry = startTelemetry({ service, instance, logLevel, spansFile, otlpEndpoint });
  scope.onStop('telemetry', () => telemetry.shutdown());

  const store = await connectStore({ url: config.mongodbUrl, database: config.mongodbDatabase, appName: instance });
  scope.onStop('store', () => store.close());
  scope.addReadinessCheck('store', () => store.isConnected);
  const bus = await connectBus({ url: config.natsUrl, credsFile: config.natsCredsFile, name: instance });
  scope.onStop('bus', () => bus.close());
  const egress = createEgress({ allow: config.egressAllow ?? [] });
  scope.onStop('egress', () => egress.close());

  // Webhooks. The subscriptions are known before the first event is taken, and no longer followed after the last one.
  const positions = mongoPositions(store.db, service);
  const parking = mongoParking(store.db, service);
  const webhooks = await createWebhooks({ bus, db: store.db, egress, positions, instance, config });
  scope.onStop('webhooks', () => webhooks.close());
  const { dispatcher } = webhooks;
  const accounts = new AccountDirectory();
  let onSettings: (accountId: string) => void = () => undefined;
  const feed = startSubscriptionFeed(bus, {
    onChange: (change) => dispatcher.changed(change),
    onSettings: (accountId, settings) => {
      accounts.put(accountId, settings);
      onSettings(accountId);
    },
    onCurrent: (yes) => dispatcher.setCurrent(yes),
  });
  scope.onStop('subscription feed', () => feed.stop());
  await feed.ready;
  const consumer = await startConsumer(bus, {
    service,
    instance,
    classes: ['call', 'reaction', 'billing'],
    bucket: buckets[service],
    positions,
    parking,
    handle: oneByOne((event, lease) => dispatcher.take(event, lease)),
    onPartition: { gained: (lease, isOwner) => dispatcher.gained(lease, isOwner), lost: (partition) => dispatcher.lost(partition) },
    onError: (error) => log.warn({ err: error }, 'the event pipeline met a failure'),
    onParked: (callId, code) => log.error({ callId, code }, 'a call is parked'),
    leaseTtlMs: config.leaseTtlMs,
  });
  scope.onStop('consumer', () => consumer.stop());
  scope.onStop('webhooks under way', () => dispatcher.drain());

  // gRPC and SSE.
  const verifier = await createVerifier({ jwksFile: config.jwksFile, jwksUrl: config.jwksUrl });
  const edge = await startEdge(scope, { bus, accounts, config });
  onSettings = (accountId) => edge.recheck(accountId);
  const services = [eventService(edge), webhookService(webhooks.operations), grpcService(ParkingServiceService, { scope: 'service', handlers: parkingHandlers(consumer, parking) })];
  const server = await createGrpcServer({ host: config.listenHost, port: config.grpcPort, verifier, services });
  scope.onStop('grpc', () => server.stop());
  scope.onReadiness((ready) => server.setServing(ready));
  const grants = { verifier, accounts, get streamUrl() { return config.eventStreamUrl ?? `http://${config.listenHost}:${http.port}/v1/events`; } };
  const routes = { 'GET /v1/events': sseRoute(edge, grants), 'OPTIONS /v1/events': ssePreflightRoute };
  const upgrades = { '/v1/events': webSocketRoute(edge, grants, { pingMs: config.heartbeatMs, stallMs: config.clientStallMs }) };
  const http = await startHttp(scope, { host: config.listenHost, port: config.httpPort, telemetry, routes, upgrades });
  // The first step of the shutdown: clients that are here are told to go on at another replica.
  scope.onStop('clients', () => edge.drain(), { boundMs: config.drainMs + 5_000 });
  scope.ready();
  return { grpcPort: server.port, httpPort: http.port };
}

if (import.meta.main) runService(async (scope) => void (await start(scope, configDefinition.read(process.env))));
