import { connectBus, createPublisher, mongoParking, mongoPositions, partitionOf } from '@parley/bus';
import type { ConfigOf } from '@parley/config';
import { createGrpcServer, createVerifier } from '@parley/grpc';
import { instanceId, runService, startHttp, type Scope } from '@parley/lifecycle';
import { connectStore } from '@parley/store';
import { gauge, logger, startTelemetry } from '@parley/telemetry';
import { consumeCallEvents } from './bus/call-events-consumer.ts';
import { toMessage } from './bus/convert.ts';
import { toFindingsMessage } from './bus/findings-record.ts';
import { configDefinition } from './config.ts';
import { createFaceEngine } from './engines/face-engine.ts';
import { createTextEngine } from './engines/text-engine.ts';
import { createVoiceEngine } from './engines/voice-engine.ts';
import { parkingService } from './grpc/parking-service.ts';
import { recognitionService } from './grpc/recognition-service.ts';
import { createCallRepository } from './store/call-repository.ts';
import { createObservationRepository } from './store/observation-repository.ts';
import { EndWaits } from './usecases/end-waits.ts';
import { OpenStreams } from './usecases/open-streams.ts';

const log = logger('recognition');
const nowMs = (): number => Date.now();

/** Of two frames and two pieces of audio a second; with twice as many answers come seconds late: docs/performance.md. */
const STREAMS_PER_FACE_THREAD = 20;

/** Starts the service; it stops with the scope. */
export async function start(scope: Scope, config: ConfigOf<typeof configDefinition>): Promise<{ readonly grpcPort: number; readonly httpPort: number }> {
  const instance = instanceId(config.instanceName);
  const telemetry = startTelemetry({ service: 'recognition', instance, logLevel: config.logLevel, spansFile: config.spansFile, otlpEndpoint: config.otelExporterOtlpEndpoint });
  scope.onStop('telemetry', () => telemetry.shutdown());

  const store = await connectStore({ url: config.mongodbUrl, database: config.mongodbDatabase, appName: instance });
  scope.onStop('store', () => store.close());
  scope.addReadinessCheck('store', () => store.isConnected);
  const bus = await connectBus({ url: config.natsUrl, credsFile: config.natsCredsFile, name: instance });
  scope.onStop('bus', () => bus.close());
  const publisher = createPublisher(bus);
  scope.onStop('publisher', () => publisher.close());

  const face = await createFaceEngine({ threads: config.faceThreads });
  scope.onStop('face engine', () => face.close());
  const voice = createVoiceEngine();
  scope.onStop('voice engine', () => voice.close());

  const observations = await createObservationRepository(store.db, {
    publish: (message) => publisher.publish(message),
    encode: (event, observation, causationId) => toMessage(event, observation, causationId, new Date(nowMs())),
    encodeRecorded: (recorded, observation) => toFindingsMessage(recorded, observation, new Date(nowMs())),
  });
  const calls = createCallRepository(store.db);
  const parking = mongoParking(store.db, 'recognition');

  const waits = new EndWaits({ store: observations, quietMs: config.endWaitMs, maxMs: config.endWaitMaxMs, partitionOf, nowMs, onError: (error) => log.warn({ err: error }, 'an observation could not be ended') });
  const consumer = await consumeCallEvents(bus, { instance, positions: mongoPositions(store.db, 'recognition'), parking, observations, calls, waits, nowMs });
  scope.onStop('call events', () => consumer.stop());

  const maxStreams = config.maxStreams ?? config.faceThreads * STREAMS_PER_FACE_THREAD;
  const streams = new OpenStreams({ maxStreams, maxStreamsPerAccount: config.maxStreamsPerAccount ?? Math.ceil(maxStreams * 0.8) });
  scope.onStop('capacity gauge', gauge('parley.recognition.capacity', () => maxStreams));
  scope.onStop('stream gauge', gauge('parley.grpc.server.streams', () => streams.count));
  const bounds = { maxWaiting: config.queueObservations, maxWaitingBytes: config.queueBytes };
  const server = await createGrpcServer({
    host: config.listenHost,
    port: config.grpcPort,
    verifier: await createVerifier({ jwksFile: config.jwksFile, jwksUrl: config.jwksUrl }),
    services: [
      recognitionService({ store: observations, openRecognisers: (callId) => ({ face: face.open(callId), voice: voice.open(), text: createTextEngine(callId) }), streams, bounds, progressMs: config.progressMs, nowMs, stopping: scope.signal }),
      parkingService(consumer, parking),
    ],
  });
  scope.onStop('grpc', () => server.stop());
  scope.onReadiness((ready) => server.setServing(ready));
  const http = await startHttp(scope, { host: config.listenHost, port: config.httpPort, telemetry });
  scope.ready();
  return { grpcPort: server.port, httpPort: http.port };
}

if (import.meta.main) runService(async (scope) => void (await start(scope, configDefinition.read(process.env))));
