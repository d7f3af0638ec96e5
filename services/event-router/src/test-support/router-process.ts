import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';

const mainFile = fileURLToPath(new URL('../main.ts', import.meta.url));

/** A replica that is a process of its own, so that it can be killed. */
export interface RouterProcess {
  readonly grpcPort: number;
  readonly httpPort: number;
  /** As `kill -9` does: nothing is finished, nothing given up. */
  kill(): Promise<void>;
  /** Stops it where it stands; `resume` lets it go on without having noticed. */
  pause(): void;
  resume(): void;
  /** As a supervisor does. */
  stop(): Promise<void>;
}

/** Resolves once it is ready. */
export async function startRouterProcess(environment: Readonly<Record<string, string>>): Promise<RouterProcess> {
  const child = spawn(process.execPath, [mainFile], { env: { ...environment, LOG_LEVEL: 'info' }, stdio: ['ignore', 'pipe', 'inherit'] });
  const exited = once(child, 'exit');
  const { grpcPort } = await untilReady(child);
  const ends = async (signal: NodeJS.Signals) => {
    child.kill(signal);
    await exited;
  };
  return {
    grpcPort,
    httpPort: Number(environment['HTTP_PORT']),
    kill: () => ends('SIGKILL'),
    pause: () => void child.kill('SIGSTOP'),
    resume: () => void child.kill('SIGCONT'),
    stop: () => ends('SIGTERM'),
  };
}

/** Its log says the ports and when it is ready. */
async function untilReady(child: ChildProcess): Promise<{ grpcPort: number }> {
  let grpcPort = 0;
  let text = '';
  return new Promise((resolve, reject) => {
    child.once('exit', (code) => reject(new Error(`the replica ended with ${code}:\n${text}`)));
    child.stdout!.setEncoding('utf8').on('data', (part: string) => {
      text += part;
      grpcPort = Number(/"port":(\d+),"services"/.exec(text)?.[1] ?? 0);
      if (text.includes('"msg":"ready"')) resolve({ grpcPort });
    });
  });
}
