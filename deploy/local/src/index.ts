export { type NatsLogin, localPassword, natsLogin } from '../nats/login.ts';
export { downstreamConsumer, downstreamDomain, inboxPrefix } from '../nats/permissions.ts';
export { type ServiceName, serviceNames } from '../nats/roles.ts';
export { platformUser } from '../nats/server-config.ts';
export { type Progress, silentProgress, streamProgress } from './progress.ts';
export { SetupError, reportFailure } from './setup-error.ts';
export {
  type TestNatsOptions,
  type TestServer,
  type TestServerOptions,
  startMongowire,
  startNats,
} from './test-servers.ts';
export { type EnsureToolsOptions, ensureTools } from './tools.ts';
export type { ToolName } from './tool-list.ts';
