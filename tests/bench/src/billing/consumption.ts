import { progress } from '../report.ts';
import type { Measured } from '../result-row.ts';
import { bareWritesPerSecond } from './bare-writes.ts';
import { authorisedCalls, consume } from './calls.ts';
import { holders, type MeasuredBilling } from './system.ts';

const repetitions = 3;
const callsOfARepetition = 60;
/** As billing writes: calls are worked on side by side. */
const writersAtATime = 8;

/** Events of calls that go on at the same time, from the stream to the settled ledger, and what the database has to do for them. */
export async function measureConsumption(parts: MeasuredBilling): Promise<Measured[]> {
  const [events, writes, bare, perEvent, readsPerEvent]: number[][] = [[], [], [], [], []];
  for (let nth = 1; nth <= repetitions; nth += 1) {
    progress(`consumption, ${nth} of ${repetitions}`);
    bare!.push(await bareWritesPerSecond(parts.db, writersAtATime));
    const calls = await authorisedCalls(parts, callsOfARepetition, holders);
    const before = await parts.commands();
    const tookMs = await consume(parts, calls);
    const after = await parts.commands();
    const count = calls.rounds.flat().length;
    events!.push((count * 1_000) / tookMs);
    writes!.push(((after.writes - before.writes) * 1_000) / tookMs);
    perEvent!.push((after.writes - before.writes) / count);
    readsPerEvent!.push((after.reads - before.reads) / count);
  }
  return [
    { name: 'events consumed, stream to settled ledger, by bare writes of the same database', unit: 'a second', values: events!, baselines: bare! },
    { name: 'database writes meanwhile, by bare writes', unit: 'a second', values: writes!, baselines: bare! },
    { name: 'database writes an event', unit: '', values: perEvent! },
    { name: 'database reads an event', unit: '', values: readsPerEvent! },
  ];
}
