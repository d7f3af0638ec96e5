// Everything that must hold, in the order in which a failure is cheapest to find. `make test` and CI run this.
import { spawnSync } from 'node:child_process';
import { mkdirSync, readFileSync } from 'node:fs';
import { join, resolve } from 'node:path';

const root = resolve(import.meta.dirname, '..');
const out = join(root, 'out');
mkdirSync(out, { recursive: true });

interface Step {
  readonly name: string;
  readonly command: readonly string[];
  /** Where jest writes its counts. */
  readonly results?: string;
}

const jest = (name: string, ...args: string[]): Step => {
  const results = join(out, `${name.replaceAll(' ', '-')}.json`);
  return { name, results, command: ['npm', 'run', '-s', 'jest', '--', '--json', `--outputFile=${results}`, ...args] };
};

const steps: readonly Step[] = [
  { name: 'contracts', command: ['make', '-s', 'contracts'] },
  { name: 'types', command: ['npm', 'run', '-s', 'typecheck'] },
  { name: 'lint', command: ['npm', 'run', '-s', 'lint'] },
  jest('unit tests', 'unit.spec'),
  // What specs leave behind in a process of jest slows down the later ones until leases run out in them: a new one now and then.
  jest('integration tests', '--workerIdleMemoryLimit=1GB', 'int.spec'),
  // One at a time: each plays scenes in real time.
  jest('end-to-end tests', '--runInBand', 'e2e.spec'),
];

let passed = 0;
let failed = 0;

function run({ name, command, results }: Step): boolean {
  console.log(`\nparley: ${name}`);
  const startMs = performance.now();
  const [program, ...args] = command;
  // What jest prints besides goes to standard error, its JSON to the file.
  const { status } = spawnSync(program!, args, { cwd: root, stdio: ['ignore', results === undefined ? 'inherit' : 'ignore', 'inherit'] });
  if (results === undefined) count(status === 0 ? 1 : 0, status === 0 ? 0 : 1);
  else countJest(results, status);
  console.log(`parley: ${name} took ${((performance.now() - startMs) / 1000).toFixed(0)} s`);
  return status === 0;
}

function countJest(results: string, status: number | null): void {
  try {
    const { numPassedTests, numFailedTests, numFailedTestSuites } = JSON.parse(readFileSync(results, 'utf8'));
    count(numPassedTests, Math.max(numFailedTests, numFailedTestSuites));
  } catch {
    count(0, status === 0 ? 0 : 1);
  }
}

function count(more: number, moreFailed: number): void {
  passed += more;
  failed += moreFailed;
}

// The rest is worth knowing only where the ground holds, but one red step need not hide the next.
const holds = steps.map(run).every(Boolean);
console.log(`\n${passed} passed, ${failed} failed`);
process.exitCode = holds ? 0 : 1;
