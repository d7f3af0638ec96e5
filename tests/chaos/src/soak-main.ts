// `make soak`: ends by itself, within ten minutes. SEED repeats a run; `short` is the one of the tests.
import { soakMain } from './soak-command.ts';
import { fullSoak, shortSoak } from './soak-options.ts';
import { formatReport, holds } from './soak-report.ts';
import { runSoak } from './soak.ts';

await soakMain(async ({ seed, isShort, ...surroundings }) => {
  const report = await runSoak({ ...(isShort ? shortSoak : fullSoak), seed }, surroundings);
  return { text: formatReport(report), holds: holds(report) };
});
