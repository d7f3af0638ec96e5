// Starts everything, prints where it is, and keeps it running until Ctrl-C.
import { addressList } from './addresses.ts';
import { exampleCommands, formatExamples } from './example-commands.ts';
import { ensureKeys } from './keys.ts';
import { onInterrupt } from './interrupt.ts';
import { describePlatform } from './platform.ts';
import { standardPorts } from './ports.ts';
import { streamProgress } from './progress.ts';
import { reportFailure } from './setup-error.ts';
import { startSupervisor } from './supervisor.ts';
import { ensureTools } from './tools.ts';

try {
  const interrupt = onInterrupt();
  const progress = streamProgress();
  const ports = standardPorts();
  await ensureTools({ progress });
  const platform = await describePlatform({ ports, keys: await ensureKeys() });
  const supervisor = await startSupervisor(platform.specs, { logDir: platform.logDir, progress, signal: interrupt.signal });

  process.stdout.write(
    `\nParley is running.\n\n${addressList(platform, ports)}\n\n${formatExamples(exampleCommands(platform, ports))}\n\nCtrl-C stops everything.\n`,
  );
  await interrupt.received;
  await progress.step('stopping', () => supervisor.stop());
} catch (error) {
  reportFailure(error);
}
