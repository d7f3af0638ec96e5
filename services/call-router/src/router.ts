import type { Publisher } from '@parley/bus';
import type { Egress } from '@parley/egress';
import type { Signer } from '@parley/grpc';
import type { KV } from '@nats-io/kv';
import type { NatsConnection } from '@nats-io/nats-core';
import type { Db } from 'mongodb';
import { createPeers } from './bus/peers.ts';
import type { LiveCall } from './calls/live-call.ts';
import { createLiveCalls } from './calls/live-calls.ts';
import { createConnectedDevices } from './devices/connected-devices.ts';
import { createDeviceDirectory } from './devices/device-directory.ts';
import { createLegLines } from './devices/leg-lines.ts';
import type { Effect } from './domain/call/effect.ts';
import type { RecognitionTerms } from './domain/call/policy.ts';
import { createObservationTokens } from './effects/observation-tokens.ts';
import { createEffects } from './effects/run-effect.ts';
import { createApplicationRepository } from './store/application-repository.ts';
import { createCallRepository } from './store/call-repository.ts';
import type { BillingClient } from './usecases/billing-client.ts';
import type { RouterPorts } from './usecases/router-ports.ts';

export interface RouterParts {
  readonly instance: string;
  readonly db: Db;
  readonly nc: NatsConnection;
  /** The registry of devices. */
  readonly devices: KV;
  readonly publisher: Publisher;
  readonly egress: Egress;
  readonly billing: BillingClient;
  readonly signer: Signer;
  /** How calls without a policy are observed. */
  readonly recognition: RecognitionTerms;
  readonly takesCalls: () => boolean;
}

/** Puts the call router together: what use cases reach out to. */
export async function createRouter(parts: RouterParts): Promise<RouterPorts> {
  const { instance, db, nc, devices, publisher, egress, billing, signer, recognition, takesCalls } = parts;
  const now = () => Date.now();
  const connected = createConnectedDevices();
  const directory = createDeviceDirectory(devices, instance);
  const peers = createPeers(nc);
  const lines = createLegLines({ instance, connected, directory, peers });
  const applications = await createApplicationRepository(db);
  const callDocuments = await createCallRepository(db, (message) => publisher.publish(message));
  const tokens = createObservationTokens(signer, recognition);
  const runEffect: (effect: Effect, call: LiveCall) => void = createEffects({ egress, applications, lines, billing, tokens });
  const calls = createLiveCalls({ instance, repository: callDocuments, lines, connected, runEffect, now });
  return { instance, calls, callDocuments, applications, billing, lines, connected, directory, peers, checkUrl: (url) => egress.checkUrl(url), now, takesCalls };
}
