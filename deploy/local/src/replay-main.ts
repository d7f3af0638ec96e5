// Recomputes a call's reaction events from what recognition measured, on a running system: make replay CALL=<id>
import { spawnSync } from 'node:child_process';
import { join } from 'node:path';
import { natsCredsFile, platformUser } from '../nats/nats-keys.ts';
import { callArgument } from './call-argument.ts';
import { standardPorts } from './ports.ts';
import { repoRoot } from './repo-paths.ts';
import { reportFailure } from './setup-error.ts';

try {
  const callId = callArgument((call) => `make replay CALL=${call}`);
  const env = { ...process.env, NATS_URL: process.env['NATS_URL'] ?? `nats://127.0.0.1:${standardPorts().nats}`, NATS_CREDS_FILE: natsCredsFile(platformUser) };
  const { status } = spawnSync(process.execPath, [join(repoRoot, 'services/recognition/src/replay/replay-main.ts'), callId], { stdio: 'inherit', env });
  process.exitCode = status ?? 1;
} catch (error) {
  reportFailure(error);
}
