// One video call, end to end: Alice calls an application, which greets her and puts her through to Bob; his video is on
// her screen; she pays for the time in which he reacts. Used by `make demo` and by the end-to-end tests.
import { randomUUID } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import {
  CreateSubscriptionRequest,
  DeleteSubscriptionRequest,
  EventFilter,
  Payer,
  RoundingMode,
  type Event,
  type ObserveRequest,
  type PolicySnapshot,
  type PolicyTerms,
  type Receipt,
} from '@parley/contracts';
import { bytesFromPcm, frames, synthesize } from '@parley/speech';
import { connectApi, type Api } from './api-client.ts';
import { createApp, serveApp, type AppRequest } from './app-server.ts';
import { endOf, observationsOf, script, type Act } from './counterpart.ts';
import { connectDevice, type Device } from './device.ts';
import { streamEvents } from './event-stream.ts';
import { consumeFromNats, type NatsEvent } from './nats-consumer.ts';
import { startObserver } from './observer.ts';
import { readServerSentEvents } from './sse-client.ts';
import { receiveWebhooks, type CloudEvent } from './webhook-receiver.ts';

/** Where the system is. With several replicas of a service: host:port, separated by commas. */
export interface SceneTargets {
  readonly callRouter: string;
  readonly recognition: string;
  readonly subscription: string;
  readonly billing: string;
  readonly eventRouter: string;
  /** http://host:port, separated by commas. */
  readonly eventRouterHttp: string;
  readonly natsUrl: string;
  /** Free ports of loopback. */
  readonly appPort: number;
  readonly webhookPort: number;
}

export interface SceneOptions {
  readonly targets: SceneTargets;
  readonly mintToken: (claims: { sub: string; scope: string }) => Promise<string>;
  readonly onEvent?: (event: Event) => void;
  readonly onStep?: (step: string) => void;
}

/** What a scene is played with; the demo's own is `usualSetting`. */
export interface SceneSetting {
  readonly terms: PolicyTerms;
  /** Topped up for Alice before she calls, in the policy's currency. */
  readonly balanceMicros: bigint;
  /** What whoever is on a screen does there. */
  readonly acts: readonly Act[];
}

/** Events as each transport brought them, repeats included. */
export interface Deliveries {
  readonly grpc: readonly Event[];
  readonly sse: readonly CloudEvent[];
  readonly webhook: readonly CloudEvent[];
  readonly nats: readonly NatsEvent[];
}

export interface LiveCall {
  readonly callId: string;
  readonly bobLegId: string;
  readonly alice: Device;
  readonly bob: Device;
  /** Plays the acts on a side's screen in real time, Alice's if nothing is said; resolves when recognition has acknowledged it all. */
  playVideo(side?: 'alice' | 'bob'): Promise<void>;
  hangUp(): Promise<void>;
}

export interface Scene {
  readonly api: Api;
  readonly policy: PolicySnapshot;
  readonly deliveries: Deliveries;
  readonly appRequests: readonly AppRequest[];
  /** Alice calls, is greeted, and is put through to Bob; they talk. */
  placeCall(): Promise<LiveCall>;
  /** Waits until every transport has brought the call's last events. */
  delivered(callId: string, timeoutMs?: number): Promise<void>;
  receipt(callId: string): Promise<Receipt>;
  close(): Promise<void>;
}

const number = '+15550100';
const alice = 'client:alice';
const bob = 'client:bob';

/** 0.60 EUR a minute, the first second free, 1.5 s a stage, 3 s for a sign of life. */
const terms: PolicyTerms = {
  currency: 'EUR',
  rateMicros: 600_000n,
  unitMs: 60_000n,
  freePeriodMs: 1_000n,
  faceAbsentMs: 1_500n,
  voiceAbsentMs: 1_500n,
  textAbsentMs: 1_500n,
  textHoldMs: 1_000n,
  maxGapMs: 1_000n,
  livenessMs: 3_000n,
  minFaceAreaRatio: 0.001,
  chargeRecoveredGrace: true,
  chargeLapsedGrace: false,
  rounding: RoundingMode.HALF_EVEN,
  roundingIncrementMicros: 1n,
  entryGridMs: 1_000n,
  grantMs: 60_000n,
  prices: undefined,
};

/** The order of the cascade, and more than enough to pay for it. */
export const usualSetting: SceneSetting = { terms, balanceMicros: 5_000_000n, acts: script };

/** Makes the application, the policy, the wallet and the subscriptions, and listens on all four transports. */
export async function prepareScene(options: SceneOptions, setting: SceneSetting = usualSetting): Promise<Scene> {
  const { targets, mintToken, onStep = () => undefined } = options;
  const token = await mintToken({ sub: 'scene', scope: 'api' });
  const api = connectApi(targets, token);
  onStep('create a policy, an application and a wallet');
  const policy = await createPolicy(api, setting.terms);
  const appRequests: AppRequest[] = [];
  const appServer = await startApplication(api, targets, policy, appRequests);
  await api.billing.topUpWallet({ requestId: randomUUID(), address: alice, amount: { currency: setting.terms.currency, micros: setting.balanceMicros } });
  // Drawing pictures takes a few seconds: not while the call lasts.
  const observations = await observationsOf(setting.acts);
  onStep('subscribe on gRPC, SSE, a webhook and NATS');
  const { deliveries, close: unsubscribe } = await subscribeEverywhere(api, options, token);
  const close = async () => {
    await unsubscribe();
    appServer.close();
    appServer.closeAllConnections();
    api.close();
  };

  return {
    api,
    policy,
    deliveries,
    appRequests,
    placeCall: () => placeCall(options, { acts: setting.acts, observations }),
    delivered: (callId, timeoutMs = 30_000) => delivered(deliveries, { callId, settlements: setting.terms.prices?.payer === Payer.EACH ? 2 : 1 }, timeoutMs),
    receipt: async (callId) => (await api.billing.getReceipt({ callId })).receipt!,
    close,
  };
}

async function createPolicy(api: Api, terms: PolicyTerms): Promise<PolicySnapshot> {
  const { policy } = await api.billing.createPolicy({ requestId: randomUUID(), policyId: '', terms });
  return policy!;
}

async function startApplication(api: Api, { appPort }: SceneTargets, policy: PolicySnapshot, requests: AppRequest[]) {
  const base = `http://127.0.0.1:${appPort}`;
  const { application, signingKey } = await api.applications.createApplication({
    requestId: randomUUID(),
    application: {
      applicationId: '',
      displayName: 'Scene',
      voiceUrl: `${base}/voice`,
      fallbackUrl: '',
      statusCallbackUrl: `${base}/status`,
      policyId: policy.policyId,
      addresses: [],
    },
  });
  await api.applications.assignAddress({ applicationId: application!.applicationId, address: number });
  const greeting = 'Welcome to Parley. You are being put through.';
  return serveApp(createApp({ signingKey, greeting, client: 'bob' }, requests), appPort);
}

const everything = EventFilter.create();

async function subscribeEverywhere(api: Api, { targets, onEvent = () => undefined }: SceneOptions, token: string) {
  await removeSubscriptions(api);
  const deliveries = { grpc: [] as Event[], sse: [] as CloudEvent[], nats: [] as NatsEvent[] };
  const grpc = streamEvents({
    target: targets.eventRouter,
    token,
    filter: everything,
    onEvent: (event) => {
      deliveries.grpc.push(event);
      onEvent(event);
    },
  });
  const streamUrls = targets.eventRouterHttp.split(',').map((base) => `${base}/v1/events`).join(' ');
  const sse = readServerSentEvents({ url: streamUrls, token, onEvent: (event) => deliveries.sse.push(event) });
  const webhook = await receiveWebhooks(targets.webhookPort);
  const url = `http://127.0.0.1:${targets.webhookPort}/events`;
  const hook = await api.subscriptions.createSubscription(
    CreateSubscriptionRequest.fromPartial({ requestId: randomUUID(), sink: { kind: { $case: 'webhook', value: { url } } } }),
  );
  webhook.useSecret(hook.webhookSecret);
  const durable = await api.subscriptions.createSubscription(
    CreateSubscriptionRequest.fromPartial({ requestId: randomUUID(), sink: { kind: { $case: 'nats', value: {} } } }),
  );
  const { subscriptionId } = durable.subscription!;
  const credential = await api.subscriptions.createNatsCredential({ subscriptionId, lifetime: undefined });
  const nats = await consumeFromNats({ url: targets.natsUrl, credential, onEvent: (event) => deliveries.nats.push(event) });
  await Promise.all([grpc.started, sse.started]);
  const close = async () => {
    grpc.close();
    sse.close();
    await nats.close();
    await removeSubscriptions(api).catch(() => undefined);
    webhook.server.close();
    webhook.server.closeAllConnections();
  };
  return { deliveries: { ...deliveries, webhook: webhook.received }, close };
}

/** Of this account, also those that an earlier scene left behind. */
async function removeSubscriptions(api: Api): Promise<void> {
  const { subscriptions } = await api.subscriptions.listSubscriptions({ pageSize: 200, pageToken: '' });
  for (const { subscriptionId } of subscriptions) await api.subscriptions.deleteSubscription(DeleteSubscriptionRequest.fromPartial({ subscriptionId }));
}

/** What is played, and what a device sends of it to recognition. */
interface Video {
  readonly acts: readonly Act[];
  readonly observations: readonly ObserveRequest[];
}

async function placeCall({ targets, mintToken, onStep = () => undefined }: SceneOptions, video: Video): Promise<LiveCall> {
  const routers = targets.callRouter.split(',');
  const connect = async (address: string, index: number) =>
    connectDevice({ target: routers[index % routers.length]!, token: await mintToken({ sub: address, scope: 'device' }) });
  // With two routers the two devices are on different ones.
  const [aliceDevice, bobDevice] = [await connect(alice, 0), await connect(bob, 1)];
  onStep(`Alice calls ${number}`);
  aliceDevice.send({ $case: 'placeCall', value: { requestId: randomUUID(), to: number, observationConsent: true } });
  const { callId, legId } = (await aliceDevice.inbox.next('callPlaced')).value;
  const incoming = (await bobDevice.inbox.next('incomingCall')).value;
  onStep('Bob answers');
  bobDevice.send({ $case: 'reportRinging', value: { legId: incoming.legId } });
  await sleep(300);
  bobDevice.send({ $case: 'answer', value: { legId: incoming.legId, observationConsent: true } });
  await Promise.all([aliceDevice.inbox.next('legBridged'), bobDevice.inbox.next('legBridged')]);
  await talk(aliceDevice, legId, bobDevice, incoming.legId);
  const screens = {
    alice: { name: 'Alice', device: aliceDevice, legId },
    bob: { name: 'Bob', device: bobDevice, legId: incoming.legId },
  };
  return {
    callId,
    bobLegId: incoming.legId,
    alice: aliceDevice,
    bob: bobDevice,
    playVideo: (side = 'alice') => playVideo(screens[side], targets, video, onStep),
    hangUp: async () => {
      onStep('Alice hangs up');
      aliceDevice.send({ $case: 'hangUp', value: { legId } });
      await Promise.all([aliceDevice.inbox.next('legEnded'), bobDevice.inbox.next('legEnded')]);
      aliceDevice.close();
      bobDevice.close();
    },
  };
}

/** A sentence each way over the bridge. */
async function talk(one: Device, oneLegId: string, other: Device, otherLegId: string): Promise<void> {
  const spoken = async (text: string) => frames(await synthesize(text), 20).map((frame) => Buffer.from(bytesFromPcm(frame)));
  await one.speak(oneLegId, await spoken('Hello Bob.'));
  await other.speak(otherLegId, await spoken('Hello Alice.'));
}

interface Screen {
  readonly name: string;
  readonly device: Device;
  readonly legId: string;
}

async function playVideo({ name, device, legId }: Screen, targets: SceneTargets, { acts, observations }: Video, onStep: (step: string) => void): Promise<void> {
  device.startVideo(legId);
  const { token, mediaOriginTime } = (await device.inbox.next('observationGranted')).value;
  const originMs = mediaOriginTime!.getTime();
  const observer = startObserver({ target: targets.recognition, token });
  const starts = new Map(acts.map((act) => [act.fromMs, act.name]));
  for (const observation of observations) {
    await sleepUntil(originMs, observation);
    const act = starts.get(Number(observation.mediaTimeMs));
    if (act !== undefined && starts.delete(Number(observation.mediaTimeMs))) onStep(`on ${name}'s screen: ${act}`);
    observer.observe(observation);
  }
  await sleep(Math.max(0, originMs + endOf(acts) - Date.now()));
  await observer.finish(BigInt(endOf(acts)));
}

async function sleepUntil(originMs: number, { mediaTimeMs }: ObserveRequest): Promise<void> {
  await sleep(Math.max(0, originMs + Number(mediaTimeMs) - Date.now()));
}

/**
 * The root's last event and the settlement end a call, on each transport.
 * @param call.settlements one for each who pays.
 */
async function delivered(deliveries: Deliveries, { callId, settlements }: { callId: string; settlements: number }, timeoutMs: number): Promise<void> {
  const deadline = Date.now() + timeoutMs;
  const transports = Object.entries(deliveries) as [keyof Deliveries, Deliveries[keyof Deliveries]][];
  const isEnd = (event: { type: string; subject: string }) => event.type === 'billing.settled' && event.subject === callId;
  // Each comes at least once: repeats have the same id.
  const ends = (events: readonly { id: string; type: string; subject: string }[]) => new Set(events.filter(isEnd).map(({ id }) => id)).size;
  const lacking = () => transports.filter(([, events]) => ends(events) < settlements).map(([name]) => name);
  while (lacking().length > 0) {
    if (Date.now() > deadline) throw new Error(`billing.settled of the call did not come on ${lacking().join(', ')}`);
    await sleep(50);
  }
}
