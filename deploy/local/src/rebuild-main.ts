// Rebuilds this machine's billing database from the streams, into a database of its own: make rebuild [DATABASE=parley_billing_rebuilt]
import { spawnSync } from 'node:child_process';
import { join } from 'node:path';
import { natsCredsFile, platformUser } from '../nats/nats-keys.ts';
import { standardPorts } from './ports.ts';
import { repoRoot } from './repo-paths.ts';
import { reportFailure } from './setup-error.ts';

try {
  const ports = standardPorts();
  const { MONGODB_URL = `mongodb://127.0.0.1:${ports.mongodb}`, NATS_URL = `nats://127.0.0.1:${ports.nats}` } = process.env;
  const database = process.argv[2] ?? '';
  const env = { ...process.env, MONGODB_URL, NATS_URL, MONGODB_DATABASE: database === '' ? 'parley_billing_rebuilt' : database, NATS_CREDS_FILE: natsCredsFile(platformUser) };
  const { status } = spawnSync(process.execPath, [join(repoRoot, 'services/billing/src/rebuild/rebuild-main.ts')], { stdio: 'inherit', env });
  process.exitCode = status ?? 1;
} catch (error) {
  reportFailure(error);
}
