// `make soak`: ends by itself, within ten minutes. SEED repeats a run; `short` is the one of the tests.
import { onInterrupt, reportFailure } from '@parley/local';
import { fullSoak, shortSoak } from './soak-options.ts';
import { formatReport, holds } from './soak-report.ts';
import { runSoak } from './soak.ts';

const beganMs = performance.now();
const say = (line: string) => void process.stderr.write(`${((performance.now() - beganMs) / 1_000).toFixed(0).padStart(4)} s  ${line}\n`);
const seed = Number(process.env['SEED'] ?? Math.floor(Math.random() * 2 ** 31));
const interrupt = onInterrupt();

try {
  say(`seed ${seed}`);
  const report = await runSoak({ ...(process.argv[2] === 'short' ? shortSoak : fullSoak), seed }, { say, signal: interrupt.signal });
  process.stdout.write(`${formatReport(report)}\n`);
  process.exitCode = holds(report) ? 0 : 1;
} catch (error) {
  if (interrupt.signal.aborted) say('interrupted');
  else reportFailure(error);
  process.exitCode = interrupt.signal.aborted ? 130 : 1;
}

