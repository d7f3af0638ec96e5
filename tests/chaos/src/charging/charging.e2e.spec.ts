import { expect, test } from '@jest/globals';
import { shortCharging } from './charging-options.ts';
import { chargingHolds, formatCharging } from './charging-report.ts';
import { runChargingSoak } from './charging-soak.ts';

/** One story for all who run the tests; `make soak-billing` has another one each time. */
const seed = Number(process.env['SEED'] ?? 271_828_182);

test('calls are charged what the oracle says, once, whatever is killed, paused or restarted', async () => {
  const lines: string[] = [`seed ${seed}`];
  const report = await runChargingSoak({ ...shortCharging, seed }, { say: (line) => lines.push(line), signal: new AbortController().signal });
  if (!chargingHolds(report)) throw new Error(`${lines.join('\n')}\n${formatCharging(report)}`);

  // That it could have failed: all of it did happen.
  expect(report.charged).toBeGreaterThan(20);
  expect(report.entries).toBeGreaterThan(20);
  expect(report.kills).toBeGreaterThanOrEqual(shortCharging.kills);
  expect(report.databaseRestarts).toBe(1);
  for (const count of [report.refused, report.publishedAgain, report.billingEvents]) expect(count).toBeGreaterThan(0);
}, 300_000);
