import { onInterrupt, reportFailure } from '@parley/local';
import type { SoakSurroundings } from './soak.ts';

export interface SoakCommand extends SoakSurroundings {
  /** Of SEED, or another one each time. */
  readonly seed: number;
  /** The one of the tests was asked for. */
  readonly isShort: boolean;
}

/** Runs a soak as a command: says the seed and what is done, each with its second, and ends with 0 if all holds. */
export async function soakMain(run: (command: SoakCommand) => Promise<{ readonly text: string; readonly holds: boolean }>): Promise<void> {
  const beganMs = performance.now();
  const say = (line: string) => void process.stderr.write(`${((performance.now() - beganMs) / 1_000).toFixed(0).padStart(4)} s  ${line}\n`);
  const seed = Number(process.env['SEED'] ?? Math.floor(Math.random() * 2 ** 31));
  const { signal } = onInterrupt();
  try {
    say(`seed ${seed}`);
    const { text, holds } = await run({ seed, isShort: process.argv[2] === 'short', say, signal });
    process.stdout.write(`${text}\n`);
    process.exitCode = holds ? 0 : 1;
  } catch (error) {
    if (signal.aborted) say('interrupted');
    else reportFailure(error);
    process.exitCode = signal.aborted ? 130 : 1;
  }
}
