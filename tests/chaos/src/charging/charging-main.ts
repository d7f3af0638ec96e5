// `make soak-billing`: ends by itself. SEED repeats a plan; `short` is the one of the tests, CALLS makes it longer or shorter.
import { soakMain } from '../soak-command.ts';
import { fullCharging, shortCharging, withCalls } from './charging-options.ts';
import { chargingHolds, formatCharging } from './charging-report.ts';
import { runChargingSoak } from './charging-soak.ts';

await soakMain(async ({ seed, isShort, ...surroundings }) => {
  const planned = isShort ? shortCharging : fullCharging;
  const calls = Number(process.env['CALLS'] ?? planned.calls);
  const report = await runChargingSoak({ ...withCalls(planned, calls), seed }, surroundings);
  return { text: formatCharging(report), holds: chargingHolds(report) };
});
