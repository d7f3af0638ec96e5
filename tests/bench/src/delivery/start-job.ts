import { fork } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import type { FromJob, FromParent, Job } from './job.ts';
import type { jobs } from './jobs/index.ts';

type Jobs = typeof jobs;
type ParametersOf<Name extends keyof Jobs> = Jobs[Name] extends Job<infer Parameters, unknown> ? Parameters : never;
type ResultOf<Name extends keyof Jobs> = Awaited<ReturnType<Jobs[Name]>>;

/** A job in its process. */
export interface StartedJob<Result> {
  /** What it said when it was prepared. */
  readonly ready: Promise<unknown>;
  go(): void;
  /** Rejects when the job fails or its process ends. */
  readonly result: Promise<Result>;
  stop(): Promise<void>;
}

const file = fileURLToPath(new URL('job-main.ts', import.meta.url));

export function startJob<Name extends keyof Jobs>(name: Name, parameters: ParametersOf<Name>): StartedJob<ResultOf<Name>> {
  const child = fork(file, [name]);
  const exited = once(child, 'exit');
  const ready = Promise.withResolvers<unknown>();
  const result = Promise.withResolvers<ResultOf<Name>>();
  const fail = (why: string) => {
    const error = new Error(`${name}: ${why}`);
    ready.reject(error);
    result.reject(error);
  };
  child.on('message', (message: FromJob) => {
    if (message.kind === 'ready') ready.resolve(message.value);
    else if (message.kind === 'done') result.resolve(message.result as ResultOf<Name>);
    else fail(message.error);
  });
  child.on('exit', (code, signal) => fail(`ended with ${signal ?? code}`));
  // Whether or not anybody waits for both.
  ready.promise.catch(() => undefined);
  result.promise.catch(() => undefined);
  const tell = (message: FromParent) => child.send(message);
  tell({ kind: 'start', parameters });
  return {
    ready: ready.promise,
    go: () => tell({ kind: 'go' }),
    result: result.promise,
    stop: async () => {
      child.kill();
      await exited;
    },
  };
}

/** Prepares a job, has it do its work, and ends its process. */
export async function runJob<Name extends keyof Jobs>(name: Name, parameters: ParametersOf<Name>): Promise<ResultOf<Name>> {
  const job = startJob(name, parameters);
  try {
    await job.ready;
    job.go();
    return await job.result;
  } finally {
    await job.stop();
  }
}
