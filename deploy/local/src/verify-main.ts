// Proves that the balances of this machine's billing database follow from its ledger: make verify
import { spawnSync } from 'node:child_process';
import { join } from 'node:path';
import { standardPorts } from './ports.ts';
import { repoRoot } from './repo-paths.ts';
import { reportFailure } from './setup-error.ts';

try {
  const { MONGODB_URL = `mongodb://127.0.0.1:${standardPorts().mongodb}`, MONGODB_DATABASE = 'parley_billing' } = process.env;
  const { status } = spawnSync(process.execPath, [join(repoRoot, 'services/billing/src/verify/verify-main.ts')], { stdio: 'inherit', env: { ...process.env, MONGODB_URL, MONGODB_DATABASE } });
  process.exitCode = status ?? 1;
} catch (error) {
  reportFailure(error);
}
