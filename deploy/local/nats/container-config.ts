import { join } from 'node:path';
import { standardPorts } from '../src/ports.ts';
import { dataRoot } from '../src/repo-paths.ts';
import type { NatsKeys } from './nats-keys.ts';
import { natsServerConfig } from './server-config.ts';

/** Where compose.yaml finds the configuration of NATS. */
export const containerConfigFile = join(dataRoot, 'nats-server.container.conf');

/** The configuration that compose.yaml gives to NATS in a container: as on the machine itself but for where it listens. */
export function containerConfig(keys: NatsKeys): Promise<string> {
  const ports = standardPorts({}, {});
  return natsServerConfig({ host: '0.0.0.0', port: ports.nats, monitorPort: ports.natsMonitor, storeDir: '/data', keys });
}
