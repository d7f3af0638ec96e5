import { mkdir } from 'node:fs/promises';
import { isFree } from './ports.ts';
import { type ProcessSpec, checkSpecs } from './process-spec.ts';
import { type Progress, streamProgress } from './progress.ts';
import { SetupError } from './setup-error.ts';
import { SupervisedProcess } from './supervised-process.ts';

export interface SupervisorOptions {
  /** Folder for one log file a process, named after it. */
  readonly logDir: string;
  readonly progress?: Progress;
  /** How long one process may take to become ready; a minute by default. */
  readonly readyTimeoutMs?: number;
  /** How long one process may take to end when it is asked to, before it is made to; 15 s by default. */
  readonly stopTimeoutMs?: number;
  /** Gives the start up when aborted: everything that runs already is stopped. */
  readonly signal?: AbortSignal;
}

/** A set of running processes. */
export interface Supervisor {
  readonly names: readonly string[];
  /** The id of the process that runs under a name at the moment, or ran last. */
  pid(name: string): number | undefined;
  /** How often a process was started again. */
  restarts(name: string): number;
  /** Waits until a process is ready, through a restart if it just died. */
  ready(name: string): Promise<void>;
  /** Sends a signal. After SIGKILL and SIGTERM it waits until the process has ended; `ready` then waits for its restart. */
  signal(name: string, signal: NodeJS.Signals): Promise<void>;
  /** Stops one process for good. */
  stopOne(name: string): Promise<void>;
  /** Stops all, each after those that depend on it. */
  stop(): Promise<void>;
}

/**
 * Starts processes, each when those that it depends on are ready, and returns when all are. From then on a process that
 * dies is started again. When one does not become ready, all are stopped again.
 * @throws SetupError naming the process: its port is in use, or it failed, with the end of its log.
 */
export async function startSupervisor(specs: readonly ProcessSpec[], options: SupervisorOptions): Promise<Supervisor> {
  checkSpecs(specs);
  await checkPorts(specs);
  await mkdir(options.logDir, { recursive: true });

  const progress = options.progress ?? streamProgress();
  const processes = new Map(
    specs.map((spec) => [
      spec.name,
      new SupervisedProcess(spec, {
        logDir: options.logDir,
        readyTimeoutMs: options.readyTimeoutMs ?? 60_000,
        stopTimeoutMs: options.stopTimeoutMs ?? 15_000,
        say: (line) => progress.say(line),
      }),
    ]),
  );
  await progress.step(`starting ${specs.length} processes`, (note) => startAll(processes, note, options.signal));
  return supervisorOf(processes);
}

type Processes = ReadonlyMap<string, SupervisedProcess>;

function supervisorOf(processes: Processes): Supervisor {
  const named = (name: string) => {
    const found = processes.get(name);
    if (found === undefined) throw new Error(`no process is called ${name}: there are ${[...processes.keys()].join(', ')}`);
    return found;
  };
  return {
    names: [...processes.keys()],
    pid: (name) => named(name).pid,
    restarts: (name) => named(name).restarts,
    ready: async (name) => named(name).ready(),
    signal: async (name, signal) => named(name).signal(signal),
    stopOne: async (name) => named(name).stop(),
    stop: () => stopAll(processes),
  };
}

async function startAll(processes: Processes, note: (detail: string) => void, signal?: AbortSignal): Promise<void> {
  const given = Promise.withResolvers<never>();
  given.promise.catch(() => undefined);
  const giveUp = () => given.reject(new SetupError('interrupted'));
  signal?.addEventListener('abort', giveUp, { once: true });
  if (signal?.aborted === true) giveUp();

  const waitedFor = new Set<string>();
  const start = async (process: SupervisedProcess): Promise<void> => {
    const dependencies = [...processes.values()].filter(({ spec }) => process.spec.dependsOn?.includes(spec.name));
    await Promise.all(dependencies.map((dependency) => dependency.ready()));
    waitedFor.add(process.spec.name);
    note(`waiting for ${[...waitedFor].join(', ')}`);
    await process.start();
    waitedFor.delete(process.spec.name);
    note(`waiting for ${[...waitedFor].join(', ')}`);
  };
  const starts = [...processes.values()].map(start);
  try {
    await Promise.race([Promise.all(starts), given.promise]);
  } catch (error) {
    await stopAll(processes);
    await Promise.allSettled(starts);
    throw error;
  } finally {
    signal?.removeEventListener('abort', giveUp);
  }
}

async function stopAll(processes: Processes): Promise<void> {
  const stops = new Map<string, Promise<void>>();
  const stop = (name: string): Promise<void> => {
    const begun = stops.get(name) ?? stopAfterDependents(name);
    stops.set(name, begun);
    return begun;
  };
  const stopAfterDependents = async (name: string): Promise<void> => {
    const dependents = [...processes.values()].filter(({ spec }) => spec.dependsOn?.includes(name) === true);
    await Promise.all(dependents.map(({ spec }) => stop(spec.name)));
    await processes.get(name)?.stop();
  };
  await Promise.all([...processes.keys()].map(stop));
}

async function checkPorts(specs: readonly ProcessSpec[]): Promise<void> {
  const busy: string[] = [];
  for (const { name, ports = [] } of specs) {
    for (const port of ports) if (!(await isFree(port))) busy.push(`port ${port}, which ${name} needs,`);
  }
  if (busy.length === 0) return;
  throw new SetupError(
    `${busy.join(' and ')} is in use on this machine. Perhaps another Parley runs here.\n` +
      'Find what uses it with `lsof -i :<port>`, or move all of Parley out of the way: PARLEY_PORT_OFFSET=1000 adds 1000 to each port.',
  );
}
