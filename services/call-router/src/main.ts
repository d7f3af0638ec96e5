import { buckets, connectBus, createPublisher } from '@parley/bus';
import type { ConfigOf } from '@parley/config';
import { createEgress } from '@parley/egress';
import { createGrpcServer, createServiceTokens, createSigner, createVerifier } from '@parley/grpc';
import { instanceId, runService, startHttp, type Scope } from '@parley/lifecycle';
import { connectStore } from '@parley/store';
import { gauge, startTelemetry } from '@parley/telemetry';
import { Kvm } from '@nats-io/kv';
import { serveRouterCommands } from './bus/router-commands.ts';
import { joinRouters } from './bus/router-group.ts';
import { configDefinition } from './config.ts';
import { applicationService } from './grpc/application-service.ts';
import { callService } from './grpc/call-service.ts';
import { deviceService } from './grpc/connect.ts';
import { createRouter } from './router.ts';
import { createBillingClient } from './usecases/billing-client.ts';
import { drainCalls } from './usecases/drain-calls.ts';

const service = 'call-router';

/** Starts the service; it stops with the scope. @param onLost peers took this router for dead: the process must end */
export async function start(scope: Scope, config: ConfigOf<typeof configDefinition>, onLost: () => void): Promise<{ readonly grpcPort: number; readonly httpPort: number; readonly instance: string }> {
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
  const egress = createEgress({ allow: config.egressAllow ?? [] });
  scope.onStop('egress', () => egress.close());
  const signer = await createSigner({ keyFile: config.signingKeyFile });
  const billing = createBillingClient(config.billingAddress, createServiceTokens(signer, service));
  scope.onStop('billing', () => billing.close());

  const kvm = new Kvm(bus.nc);
  const devices = await kvm.open(buckets.devices);
  const router = await createRouter({ instance, db: store.db, nc: bus.nc, devices, publisher, egress, billing, signer, recognition: config, takesCalls: () => !scope.signal.aborted });
  scope.onStop('gauge of live calls', gauge('parley.call.live', () => router.calls.all().length));
  scope.onStop('gauge of devices', gauge('parley.device.connected', () => router.connected.all().length));
  const { leaseRenewMs: renewMs, deadAfterRenewals } = config;
  scope.onStop('router group', await joinRouters(await kvm.open(buckets[service]), router, { renewMs, deadAfterRenewals, onLost }));
  scope.onStop('router commands', serveRouterCommands(bus.nc, router));

  // Devices stay connected until their calls are over: the server stops after the calls.
  const verifier = await createVerifier({ jwksFile: config.jwksFile, jwksUrl: config.jwksUrl });
  const services = [callService(router), applicationService({ ...router }), deviceService(router)];
  const server = await createGrpcServer({ host: config.listenHost, port: config.grpcPort, verifier, services });
  scope.onStop('grpc', () => server.stop(1_000));
  scope.onStop('live calls', () => drainCalls(router, config.drainMs), { boundMs: config.drainMs + 5_000 });
  scope.onReadiness((ready) => server.setServing(ready));
  const http = await startHttp(scope, { host: config.listenHost, port: config.httpPort, telemetry });
  scope.ready();
  return { grpcPort: server.port, httpPort: http.port, instance };
}

if (import.meta.main) {
  const config = configDefinition.read(process.env);
  // A router that was taken for dead owns nothing any more; the next start is a new router.
  const onLost = () => process.kill(process.pid, 'SIGTERM');
  runService(async (scope) => void (await start(scope, config, onLost)), { shutdownMs: config.drainMs + 20_000 });
}
