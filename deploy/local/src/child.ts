import { type ChildProcess, spawn } from 'node:child_process';
import { closeSync, openSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { endWithThisProcess } from './child-guard.ts';

export interface ChildOptions {
  readonly command: string;
  readonly args: readonly string[];
  /** Added to this process's own environment. */
  readonly env?: Readonly<Record<string, string>>;
  readonly cwd?: string;
  /** Gets everything that the process prints. */
  readonly logFile: string;
  /** Whether to go on with the log of an earlier run instead of beginning it anew. */
  readonly appendLog?: boolean;
}

export interface Exit {
  readonly code: number | null;
  readonly signal: NodeJS.Signals | null;
}

/** A running program. It does not outlive this process. */
export interface Child {
  readonly pid: number;
  /** Settles when the program has ended, however it ended. */
  readonly exited: Promise<Exit>;
  /** How it ended, once it has. */
  ended(): Exit | undefined;
  signal(signal: NodeJS.Signals): void;
  /** Asks the program to end, makes it end after `graceMs`, and waits until it has. */
  stop(graceMs?: number): Promise<Exit>;
}

const defaultGraceMs = 10_000;

/** Starts a program. @throws Error when it cannot be started at all, such as when there is no such file. */
export async function startChild(options: ChildOptions): Promise<Child> {
  const log = openSync(options.logFile, options.appendLog === true ? 'a' : 'w');
  try {
    const child = spawn(options.command, options.args, {
      cwd: options.cwd,
      env: { ...process.env, ...options.env },
      stdio: ['ignore', log, log],
      // A process group of its own: Ctrl-C in a terminal goes to the whole group, and would stop everything at once
      // instead of in order.
      detached: true,
    });
    const exited = new Promise<Exit>((resolve) => child.on('exit', (code, signal) => resolve({ code, signal })));
    await new Promise<void>((resolve, reject) => child.on('spawn', resolve).on('error', reject));
    endWithThisProcess(child);
    return running(child, exited);
  } finally {
    closeSync(log); // the program has its own copy
  }
}

function running(child: ChildProcess, exited: Promise<Exit>): Child {
  return {
    pid: child.pid as number, // set once `spawn` has been emitted
    exited,
    ended: () =>
      child.exitCode === null && child.signalCode === null
        ? undefined
        : { code: child.exitCode, signal: child.signalCode },
    signal: (signal) => void child.kill(signal),
    async stop(graceMs = defaultGraceMs) {
      child.kill('SIGTERM');
      const timer = setTimeout(() => child.kill('SIGKILL'), graceMs);
      try {
        return await exited;
      } finally {
        clearTimeout(timer);
      }
    },
  };
}

/** The last lines of a log, for an error message. */
export async function logTail(logFile: string, lines = 20): Promise<string> {
  const text = await readFile(logFile, 'utf8').catch(() => '');
  const tail = text.trimEnd().split('\n').slice(-lines).join('\n');
  return tail === '' ? '(its log is empty)' : tail;
}

/** How a program ended, in words. */
export function describeExit({ code, signal }: Exit): string {
  return signal === null ? `ended with exit code ${code}` : `was ended by ${signal}`;
}
