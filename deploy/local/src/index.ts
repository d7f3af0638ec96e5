export { downstreamVariables, natsCredsFile, natsKeysDir } from '../nats/nats-keys.ts';
export { type ServiceName, serviceNames } from '../nats/roles.ts';
export { addressList } from './addresses.ts';
export { type ExampleCommand, exampleCommands, formatExamples } from './example-commands.ts';
export { type Interrupt, onInterrupt } from './interrupt.ts';
export { type KeyFiles, ensureKeys } from './keys.ts';
export { type Platform, type PlatformOptions, describePlatform, replicaName } from './platform.ts';
export { type PortOptions, type Ports, type ServicePorts, freePorts, standardPorts } from './ports.ts';
export type { Health, ProcessSpec } from './process-spec.ts';
export { type Progress, silentProgress, streamProgress } from './progress.ts';
export { SetupError, reportFailure } from './setup-error.ts';
export { type Supervisor, type SupervisorOptions, startSupervisor } from './supervisor.ts';
export {
  type TestNatsOptions,
  type TestServer,
  type TestServerOptions,
  startMongowire,
  startNats,
} from './test-servers.ts';
export { type TokenClaims, type TokenScope, mintToken } from './token.ts';
export { type EnsureToolsOptions, ensureTools, toolPaths } from './tools.ts';
export type { ToolName } from './tool-list.ts';
