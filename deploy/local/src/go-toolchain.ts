import { spawn } from 'node:child_process';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { SetupError } from './setup-error.ts';

export interface GoCommand {
  readonly args: readonly string[];
  readonly cwd: string;
  /** Called with each line that Go writes to standard error. */
  readonly onLine?: (line: string) => void;
}

const keptLines = 30;

/**
 * Runs `go` and returns its standard output.
 * @throws SetupError with the end of its messages when it fails or is not there.
 */
export async function runGo(command: GoCommand): Promise<string> {
  const child = spawn('go', command.args, {
    cwd: command.cwd,
    // The installed toolchain and no other: fetching one silently would be a download that nobody asked for.
    // No C compiler: none is needed, and a machine without one builds the same programs.
    env: { ...process.env, GOTOOLCHAIN: 'local', CGO_ENABLED: '0' },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  const messages: string[] = [];
  let output = '';
  child.stdout.setEncoding('utf8').on('data', (text: string) => (output += text));
  createInterface({ input: child.stderr }).on('line', (line) => {
    messages.push(line);
    if (messages.length > keptLines) messages.shift();
    command.onLine?.(line);
  });

  const { promise, resolve, reject } = Promise.withResolvers<number | null>();
  child.on('error', reject).on('close', resolve);
  const exitCode = await promise.catch((error: NodeJS.ErrnoException) => {
    throw error.code === 'ENOENT' ? new SetupError(goMissing) : error;
  });
  if (exitCode !== 0) throw new SetupError(describeFailure(command, messages));
  return output;
}

/**
 * Checks that Go is there and new enough for these modules.
 * @throws SetupError that says what to install.
 */
export async function checkGo(moduleDirs: readonly string[]): Promise<void> {
  const needed = await Promise.all(moduleDirs.map(neededVersion));
  const minimum = needed.toSorted(compareVersions).at(-1) ?? '1';
  const cwd = moduleDirs[0] ?? process.cwd();
  const installed = (await runGo({ args: ['env', 'GOVERSION'], cwd })).trim().replace(/^go/, '');
  if (compareVersions(installed, minimum) < 0) {
    throw new SetupError(`Go ${minimum} or newer is needed; the \`go\` on the PATH is ${installed}.\n${howToGetGo}`);
  }
}

/** Negative when `a` is older than `b`. Anything behind the numbers ("1.26rc1", "1.26.1-custom") is left aside. */
export function compareVersions(a: string, b: string): number {
  const numbers = (version: string) => version.split('.').map((part) => Number.parseInt(part, 10) || 0);
  const [left, right] = [numbers(a), numbers(b)];
  for (let i = 0; i < Math.max(left.length, right.length); i++) {
    const difference = (left[i] ?? 0) - (right[i] ?? 0);
    if (difference !== 0) return difference;
  }
  return 0;
}

async function neededVersion(moduleDir: string): Promise<string> {
  const goMod = await readFile(join(moduleDir, 'go.mod'), 'utf8');
  return /^go (\S+)$/m.exec(goMod)?.[1] ?? '1';
}

const howToGetGo =
  'Get it from https://go.dev/dl/, or with `brew install go` on macOS; then open a new terminal, so that `go` is on the PATH.';

const goMissing =
  'Go is missing: Parley builds its local NATS server and its local database with it, and found no `go` on the PATH.\n' +
  howToGetGo;

function describeFailure(command: GoCommand, messages: readonly string[]): string {
  const hint = messages.some((line) => /dial tcp|lookup|proxy|timeout|connection refused/i.test(line))
    ? '\nThe first build downloads Go modules. Behind a company proxy, set HTTPS_PROXY or GOPROXY and try again.'
    : '';
  return `\`go ${command.args.join(' ')}\` failed in ${command.cwd}:\n${messages.join('\n')}${hint}`;
}
