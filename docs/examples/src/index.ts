export { connectApi, type Api, type ApiTargets } from './api-client.ts';
export { createApp, serveApp, type AppRequest } from './app-server.ts';
export { script, type Act } from './counterpart.ts';
export { connectDevice, type Device } from './device.ts';
export { startObserver, type Observer } from './observer.ts';
export { streamEvents, type EventStream } from './event-stream.ts';
export { readServerSentEvents, type SseStream } from './sse-client.ts';
export { consumeFromNats, type NatsEvent } from './nats-consumer.ts';
export { browserStreamUrl, verificationToken, type VerificationTokenRequest } from './verification-token.ts';
export { receiveWebhooks, type CloudEvent, type WebhookReceiver } from './webhook-receiver.ts';
export { billOf, differences, type Bill, type BillLine } from './receipt-check.ts';
export {
  prepareScene,
  usualSetting,
  type Deliveries,
  type LiveCall,
  type Scene,
  type SceneOptions,
  type SceneSetting,
  type SceneTargets,
} from './video-call-scene.ts';
export { deliveredBySource, deliveryFaults, type SourceDelivery } from './delivery-check.ts';
export { callFaults, endings, stages } from './call-check.ts';
