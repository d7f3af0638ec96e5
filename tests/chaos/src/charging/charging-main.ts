// `make soak-billing`: ends by itself. SEED repeats a plan; `short` is the one of the tests, CALLS makes it longer or shorter, and after MINUTES
// no more calls begin.
import { soakMain } from '../soak-command.ts';
import { fullCharging, shortCharging, withCalls } from './charging-options.ts';
import { chargingHolds, formatCharging } from './charging-report.ts';
import { runChargingSoak } from './charging-soak.ts';

await soakMain(async ({ seed, isShort, ...surroundings }) => {
  const planned = isShort ? shortCharging : fullCharging;
  const calls = Number(process.env['CALLS'] ?? planned.calls);
  const { MINUTES: minutes } = process.env;
  const playLimitMs = minutes === undefined ? planned.playLimitMs : Number(minutes) * 60_000;
  const report = await runChargingSoak({ ...withCalls(planned, calls), playLimitMs, seed }, surroundings);
  return { text: formatCharging(report), holds: chargingHolds(report) };
});
