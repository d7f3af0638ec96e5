import { defaultAccounts } from '../src/local-accounts.ts';
import { standardPorts } from '../src/ports.ts';
import { localPassword } from './login.ts';
import { natsServerConfig } from './server-config.ts';

const ports = standardPorts({}, {});

/** The configuration that compose.yaml gives to NATS in a container: as on the machine itself but for where it listens. */
export const containerConfig = `# Made by \`node deploy/local/nats/container-config-main.ts\` from roles.ts; a test keeps it current.
${natsServerConfig({
  host: '0.0.0.0',
  port: ports.nats,
  monitorPort: ports.natsMonitor,
  storeDir: '/data',
  accounts: defaultAccounts,
  password: localPassword,
})}`;
