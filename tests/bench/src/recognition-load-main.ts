// How many streams of two frames and two pieces of audio a second one process holds, how long an answer takes, and what memory.
import { genuine, people, person } from '@parley/picture-sequences';
import { bytesFromPcm, frames as cut, synthesize } from '@parley/speech';
import { startLoadSystem } from './recognition/load-system.ts';
import { observeInRealTime, type Media, type Observed } from './recognition/observed-stream.ts';
import { progress, report } from './report.ts';
import { percentile, type Measured } from './result-row.ts';

const counts = [10, 20, 40, 60];
const lengthMs = 15_000;
/** Skipped, or answered later than the next frame is due: too many. */
const heldDelayMs = 500;

const media = await drawn();
const system = await startLoadSystem(100);
const rows: Measured[] = [];
let held = 0;
try {
  await measured(2);
  const emptyMb = await system.residentMb();
  for (const count of counts) {
    progress(`${count} streams`);
    const streams = await measured(count);
    const delays = streams.flatMap(({ delaysMs }) => delaysMs);
    const skipped = streams.reduce((sum, one) => sum + one.skipped, 0);
    const p99 = percentile(delays, 0.99);
    if (skipped === 0 && p99 <= heldDelayMs) held = count;
    rows.push({ name: `${count} streams: answered after, median`, unit: 'ms', values: [percentile(delays, 0.5)] });
    rows.push({ name: `${count} streams: answered after, p99`, unit: 'ms', values: [p99] });
    rows.push({ name: `${count} streams: skipped`, unit: '%', values: [(100 * skipped) / (count * ((2 * lengthMs) / 500))] });
    rows.push({ name: `${count} streams: memory`, unit: 'MB', values: [await system.residentMb()] });
    if (skipped > 0) break;
  }
  rows.unshift({ name: 'streams held', unit: '', values: [held] }, { name: 'memory before', unit: 'MB', values: [emptyMb] });
} finally {
  await system.stop();
}
report('recognition-load', rows);

/** Spread over the half second, as devices are. */
function measured(count: number): Promise<Observed[]> {
  return Promise.all(Array.from({ length: count }, (_, nth) => observeInRealTime(system, media, lengthMs, (nth * 500) / count)));
}

/** Frames of somebody who talks, with speech. */
async function drawn(): Promise<Media> {
  progress('drawing frames');
  const camera = genuine(person(people.forMeasuring[0]!), 'talking', 1);
  const speech = await synthesize('Well, I have been thinking about what you said the other day, and I believe that you are right about most of it.');
  return { frames: Array.from({ length: 30 }, (_, nth) => camera.jpegAt(nth * 500)), pieces: cut(speech, 500).slice(0, -1).map((piece) => bytesFromPcm(piece)) };
}
