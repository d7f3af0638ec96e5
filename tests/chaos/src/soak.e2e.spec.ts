import { expect, test } from '@jest/globals';
import { shortSoak } from './soak-options.ts';
import { formatReport, holds } from './soak-report.ts';
import { runSoak } from './soak.ts';

/** One story for all who run the tests; `make soak` has another one each time. */
const seed = Number(process.env['SEED'] ?? 806_167_574);

test('subscribers that come and go on every transport get what the oracle says, in order, whatever is killed or paused', async () => {
  const lines: string[] = [`seed ${seed}`];
  const report = await runSoak({ ...shortSoak, seed }, { say: (line) => lines.push(line), signal: new AbortController().signal });
  if (!holds(report)) throw new Error(`${lines.join('\n')}\n${formatReport(report)}`);

  // That it could have failed: all of it did happen.
  expect(report.events).toBeGreaterThan(1_000);
  expect(report.restarts).toBeGreaterThanOrEqual(shortSoak.kills);
  expect(report.brokerRestarts).toBeGreaterThanOrEqual(1);
  for (const count of [...Object.values(report.deliveries), ...Object.values(report.comings), report.publishedAgain]) expect(count).toBeGreaterThan(0);
}, 240_000);
