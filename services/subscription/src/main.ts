import { brokerErrors, connectBus, eventStreams, filterVocabulary } from '@parley/bus';
import type { ConfigOf } from '@parley/config';
import { readCursorCodec } from '@parley/cursor';
import { createEgress } from '@parley/egress';
import { createGrpcServer, createVerifier } from '@parley/grpc';
import { instanceId, runService, startHttp, type Scope } from '@parley/lifecycle';
import { connectStore } from '@parley/store';
import { startTelemetry } from '@parley/telemetry';
import { announce } from './bus/change-announcer.ts';
import { createCredentialIssuer } from './bus/downstream-credentials.ts';
import { createNatsBroker } from './bus/nats-broker.ts';
import { configDefinition } from './config.ts';
import { accountSettingsService } from './grpc/account-settings-service.ts';
import { subscriptionService } from './grpc/subscription-service.ts';
import { createAccountRepository, type AccountRepository } from './store/account-repository.ts';
import { startRepublishing } from './usecases/republish.ts';

/** Starts the service; it stops with the scope. */
export async function start(scope: Scope, config: ConfigOf<typeof configDefinition>): Promise<{ readonly grpcPort: number; readonly httpPort: number }> {
  const instance = instanceId(config.instanceName);
  const telemetry = startTelemetry({
    service: 'subscription',
    instance,
    logLevel: config.logLevel,
    spansFile: config.spansFile,
    otlpEndpoint: config.otelExporterOtlpEndpoint,
  });
  scope.onStop('telemetry', () => telemetry.shutdown());

  const store = await connectStore({ url: config.mongodbUrl, database: config.mongodbDatabase, appName: instance });
  scope.onStop('store', () => store.close());
  scope.addReadinessCheck('store', () => store.isConnected);
  const bus = await connectBus({ url: config.natsUrl, credsFile: config.natsCredsFile, name: instance });
  scope.onStop('bus', () => bus.close());
  const egress = createEgress({ allow: config.egressAllow ?? [] });
  scope.onStop('egress', () => egress.close());

  const accounts: AccountRepository = await createAccountRepository(store.db, (change) =>
    brokerErrors(() => announce(bus, change, (accountId) => accounts.find(accountId))),
  );
  const republishing = startRepublishing(accounts);
  scope.onStop('republishing', () => republishing.stop());

  const codec = await readCursorCodec(config.eventCursorKeyFile, Object.values(eventStreams));
  const now = () => Date.now();
  const server = await createGrpcServer({
    host: config.listenHost,
    port: config.grpcPort,
    verifier: await createVerifier({ jwksFile: config.jwksFile, jwksUrl: config.jwksUrl }),
    services: [
      subscriptionService({
        accounts,
        broker: createNatsBroker(bus),
        credentials: await createCredentialIssuer({ account: config.natsDownstreamAccount, signingKeyFile: config.natsDownstreamSigningKeyFile }),
        checkUrl: (url) => egress.checkUrl(url),
        decodeCursor: (text, accountId) => codec.decode(text, { accountId }).positions,
        vocabulary: filterVocabulary,
        limit: config.subscriptionsPerAccount,
        now,
      }),
      accountSettingsService({ accounts, now }),
    ],
  });
  scope.onStop('grpc', () => server.stop());
  scope.onReadiness((ready) => server.setServing(ready));
  const http = await startHttp(scope, { host: config.listenHost, port: config.httpPort, telemetry });
  scope.ready();
  return { grpcPort: server.port, httpPort: http.port };
}

if (import.meta.main) runService(async (scope) => void (await start(scope, configDefinition.read(process.env))));
