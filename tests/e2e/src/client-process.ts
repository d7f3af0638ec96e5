import { spawn } from 'node:child_process';

/** A client that is a program of its own. */
export interface ClientProcess {
  /** What it has printed so far, errors apart. */
  readonly output: () => string;
  readonly errors: () => string;
  /** Resolves with its exit code; null when it was ended from here. */
  readonly ended: Promise<number | null>;
  end(): Promise<void>;
}

/** Starts a client. When there is no such program, `ended` is rejected with what to do. */
export function startClient(command: string, args: readonly string[]): ClientProcess {
  const child = spawn(command, args, { stdio: ['ignore', 'pipe', 'pipe'] });
  let [output, errors] = ['', ''];
  child.stdout.setEncoding('utf8').on('data', (text: string) => (output += text));
  child.stderr.setEncoding('utf8').on('data', (text: string) => (errors += text));
  const ended = new Promise<number | null>((resolve, reject) => {
    child.on('close', resolve);
    child.on('error', (error) => reject(new Error(`${command} cannot be started; README.md says what the tests need`, { cause: error })));
  });
  ended.catch(() => undefined);
  return {
    output: () => output,
    errors: () => errors,
    ended,
    end: async () => {
      child.kill('SIGKILL');
      await ended;
    },
  };
}

/** Runs a client to its end. @throws with what it printed when it fails */
export async function runClient(command: string, args: readonly string[]): Promise<string> {
  const client = startClient(command, args);
  const code = await client.ended;
  if (code !== 0) throw new Error(`${command} ended with ${code}: ${client.errors()}${client.output()}`);
  return client.output();
}
