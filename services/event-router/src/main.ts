import { readFile } from 'node:fs/promises';
import { buckets, connectBus, mongoParking, mongoPositions, parkingHandlers, startConsumer } from '@parley/bus';
import type { ConfigOf } from '@parley/config';
import { ParkingServiceService } from '@parley/contracts';
import { createEgress } from '@parley/egress';
import { createGrpcServer, createVerifier, grpcService } from '@parley/grpc';
import { instanceId, runService, startHttp, type Scope } from '@parley/lifecycle';
import { connectStore } from '@parley/store';
import { gauge, logger, startTelemetry } from '@parley/telemetry';
import { createBusEventSource } from './bus/bus-event-source.ts';
import { startSubscriptionFeed } from './bus/subscription-feed.ts';
import { configDefinition } from './config.ts';
import { eventService } from './grpc/event-service.ts';
import { ssePreflightRoute, sseRoute } from './http/sse-route.ts';
import { createCursorCodec } from './usecases/cursor-codec.ts';
import { createEventEdge } from './usecases/event-edge.ts';
import { createWebhookDispatcher } from './webhook/create-dispatcher.ts';

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
  const dispatcher = await createWebhookDispatcher({ bus, db: store.db, egress, positions, config });
  const removeGauge = gauge('parley.webhook.pending', () => dispatcher.pending);
  scope.onStop('gauge of pending webhooks', removeGauge);
  const feed = startSubscriptionFeed(bus, { onChange: (change) => dispatcher.changed(change), onCurrent: (yes) => dispatcher.setCurrent(yes) });
  scope.onStop('subscription feed', () => feed.stop());
  await feed.ready;
  const consumer = await startConsumer(bus, {
    service,
    instance,
    classes: ['call', 'reaction', 'billing'],
    bucket: buckets[service],
    positions,
    parking,
    handle: (event, lease) => dispatcher.take(event, lease),
    onPartition: { gained: (lease) => dispatcher.gained(lease), lost: (partition) => dispatcher.lost(partition) },
    onError: (error) => log.warn({ err: error }, 'the event pipeline met a failure'),
    onParked: (callId, code) => log.error({ callId, code }, 'a call is parked'),
    leaseTtlMs: config.leaseTtlMs,
  });
  scope.onStop('consumer', () => consumer.stop());
  scope.onStop('webhooks under way', () => dispatcher.drain());

  // gRPC and SSE. A client that is here when the shutdown begins is told to come back to another replica.
  const codec = createCursorCodec(Buffer.from((await readFile(config.eventCursorKeyFile, 'utf8')).trim(), 'base64url'));
  const verifier = await createVerifier({ jwksFile: config.jwksFile, jwksUrl: config.jwksUrl });
  const { heartbeatMs, clientStallMs: stallMs } = config;
  const edge = createEventEdge({ source: createBusEventSource(bus), codec, heartbeatMs, stallMs }, scope.signal);
  const services = [eventService(edge), grpcService(ParkingServiceService, { scope: 'service', handlers: parkingHandlers(consumer, parking) })];
  const server = await createGrpcServer({ host: config.listenHost, port: config.grpcPort, verifier, services });
  scope.onStop('grpc', () => server.stop());
  scope.onReadiness((ready) => server.setServing(ready));
  const routes = { 'GET /v1/events': sseRoute(edge, verifier), 'OPTIONS /v1/events': ssePreflightRoute };
  const http = await startHttp(scope, { host: config.listenHost, port: config.httpPort, telemetry, routes });
  scope.ready();
  return { grpcPort: server.port, httpPort: http.port };
}

if (import.meta.main) runService(async (scope) => void (await start(scope, configDefinition.read(process.env))));
