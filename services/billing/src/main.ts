import { connectBus, createPublisher, mongoParking, mongoPositions } from '@parley/bus';
import type { ConfigOf } from '@parley/config';
import { createGrpcServer, createVerifier } from '@parley/grpc';
import { instanceId, runService, startHttp, type Scope } from '@parley/lifecycle';
import { connectStore } from '@parley/store';
import { startTelemetry } from '@parley/telemetry';
import { createBilling } from './billing.ts';
import { startBillingConsumer } from './bus/billing-consumer.ts';
import { createCallHistories } from './bus/call-history.ts';
import { configDefinition } from './config.ts';
import { grpcServices } from './grpc/services.ts';
import { createExplainCharge } from './usecases/explain-charge.ts';

const service = 'billing';

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
  const publisher = createPublisher(bus);
  scope.onStop('publisher', () => publisher.close());

  const timeouts = {
    recognitionMs: BigInt(config.recognitionTimeoutMs),
    authorizationMs: BigInt(config.authorizationTimeoutMs),
    silenceMs: BigInt(config.silentCallTimeoutMs),
  };
  const billing = createBilling({ db: store.db, publisher, timeouts });
  await billing.prepare();

  const positions = mongoPositions(store.db, service);
  const parking = mongoParking(store.db, service);
  const consumer = await startBillingConsumer(bus, { billing, instance, timeouts, positions, parking, sweepMs: config.sweepIntervalMs, leaseTtlMs: config.leaseTtlMs });
  scope.onStop('consumer', () => consumer.stop());

  const server = await createGrpcServer({
    host: config.listenHost,
    port: config.grpcPort,
    verifier: await createVerifier({ jwksFile: config.jwksFile, jwksUrl: config.jwksUrl }),
    services: grpcServices(billing, { consumer, parking, explainCharge: createExplainCharge({ charges: billing.charges, histories: createCallHistories(bus) }) }, () => BigInt(Date.now())),
  });
  scope.onStop('grpc', () => server.stop());
  scope.onReadiness((ready) => server.setServing(ready));
  const http = await startHttp(scope, { host: config.listenHost, port: config.httpPort, telemetry });
  scope.ready();
  return { grpcPort: server.port, httpPort: http.port };
}

if (import.meta.main) runService(async (scope) => void (await start(scope, configDefinition.read(process.env))));
