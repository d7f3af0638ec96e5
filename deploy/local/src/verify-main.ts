// Proves that the balances of this machine's billing database follow from its ledger, and that from the LEDGER stream: make verify
import { spawnSync } from 'node:child_process';
import { join } from 'node:path';
import { natsCredsFile, platformUser } from '../nats/nats-keys.ts';
import { standardPorts } from './ports.ts';
import { repoRoot } from './repo-paths.ts';
import { reportFailure } from './setup-error.ts';

try {
  const ports = standardPorts();
  const { MONGODB_URL = `mongodb://127.0.0.1:${ports.mongodb}`, MONGODB_DATABASE = 'parley_billing', NATS_URL = `nats://127.0.0.1:${ports.nats}` } = process.env;
  const env = { ...process.env, MONGODB_URL, MONGODB_DATABASE, NATS_URL, NATS_CREDS_FILE: natsCredsFile(platformUser) };
  const { status } = spawnSync(process.execPath, [join(repoRoot, 'services/billing/src/verify/verify-main.ts')], { stdio: 'inherit', env });
  process.exitCode = status ?? 1;
} catch (error) {
  reportFailure(error);
}
