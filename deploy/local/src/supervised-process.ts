import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { type Child, describeExit, logTail, startChild } from './child.ts';
import { untilHealthy } from './health.ts';
import type { ProcessSpec } from './process-spec.ts';
import { SetupError } from './setup-error.ts';

export interface RunOptions {
  readonly logDir: string;
  /** How long a process may take to become ready, at the first start and at each restart. */
  readonly readyTimeoutMs: number;
  /** How long a process may take to end when it is asked to, before it is made to. */
  readonly stopTimeoutMs: number;
  readonly say: (line: string) => void;
}

/** Waiting before a restart: doubled each time, and back at the start once a process has stayed up for a while. */
const firstBackoffMs = 100;
const lastBackoffMs = 5_000;
const stableMs = 10_000;

/** One process under supervision: started, waited for, started again when it dies, stopped. */
export class SupervisedProcess {
  readonly spec: ProcessSpec;
  readonly logFile: string;
  readonly #options: RunOptions;
  readonly #stopping = new AbortController();
  #child: Child | undefined;
  #restarts = 0;
  /** Fulfilled while the process is ready; a new one takes its place when it dies. */
  #ready = Promise.withResolvers<void>();
  #isReady = true;
  readonly #dead = new WeakSet<Child>();
  #supervision: Promise<void> = Promise.resolve();

  constructor(spec: ProcessSpec, options: RunOptions) {
    this.spec = spec;
    this.#options = options;
    this.logFile = join(options.logDir, `${spec.name}.log`);
    this.#markNotReady();
  }

  /** Starts the process and waits until it is ready. @throws SetupError with the end of its log when it is not. */
  async start(): Promise<void> {
    try {
      if (this.#stopping.signal.aborted) throw new Error('was stopped before it was started');
      const child = await this.#launch(false);
      if (this.spec.health === undefined) {
        const exit = await child.exited;
        if (exit.code !== 0) throw new Error(describeExit(exit));
      } else {
        await untilHealthy(child, this.spec.health, this.#options.readyTimeoutMs);
        this.#supervision = this.#supervise(child);
      }
      this.#markReady();
    } catch (error) {
      throw new SetupError(
        `${this.spec.name} ${(error as Error).message}. The end of ${this.logFile}:\n${await logTail(this.logFile)}`,
        { cause: error },
      );
    }
  }

  /** Waits until the process is ready, through any restart. Rejected when it is not going to be. */
  ready(): Promise<void> {
    return this.#ready.promise;
  }

  /** The id of the process that runs at the moment, or ran last. */
  get pid(): number | undefined {
    return this.#child?.pid;
  }

  /** How often it was started again. */
  get restarts(): number {
    return this.#restarts;
  }

  /** Sends a signal; after one that asks for its end, waits until it has ended. */
  async signal(signal: NodeJS.Signals): Promise<void> {
    const child = this.#child;
    child?.signal(signal);
    if (signal === 'SIGKILL' || signal === 'SIGTERM') await child?.exited;
  }

  /** Stops the process for good. */
  async stop(): Promise<void> {
    this.#stopping.abort();
    await this.#child?.stop(this.#options.stopTimeoutMs);
    await this.#supervision;
    this.#ready.reject(new SetupError(`${this.spec.name} is stopped`));
  }

  async #launch(appendLog: boolean): Promise<Child> {
    const { command, args, env, cwd } = this.spec;
    const child = await startChild({
      command,
      args,
      ...(env === undefined ? {} : { env }),
      ...(cwd === undefined ? {} : { cwd }),
      logFile: this.logFile,
      appendLog,
    });
    this.#child = child;
    if (this.#stopping.signal.aborted) void child.stop(this.#options.stopTimeoutMs); // stopped while it was being started
    return child;
  }

  /** Starts the process again each time it dies, until it is stopped. Never rejects. */
  async #supervise(first: Child): Promise<void> {
    let child = first;
    let backoffMs = firstBackoffMs;
    for (;;) {
      const startedMs = performance.now();
      const exit = await child.exited;
      this.#dead.add(child);
      if (this.#stopping.signal.aborted) return;
      this.#markNotReady();
      if (this.spec.restart === false) {
        this.#options.say(`${this.spec.name} ${describeExit(exit)}`);
        this.#ready.reject(new SetupError(`${this.spec.name} ${describeExit(exit)} and is not started again`));
        return;
      }
      if (performance.now() - startedMs > stableMs) backoffMs = firstBackoffMs;
      this.#options.say(`${this.spec.name} ${describeExit(exit)}; starting it again in ${backoffMs} ms (${this.logFile})`);
      await sleep(backoffMs, undefined, { signal: this.#stopping.signal }).catch(() => undefined);
      if (this.#stopping.signal.aborted) return;
      backoffMs = Math.min(backoffMs * 2, lastBackoffMs);
      child = await this.#relaunch(child);
    }
  }

  async #relaunch(dead: Child): Promise<Child> {
    this.#restarts += 1;
    try {
      const child = await this.#launch(true);
      void this.#becomeReady(child);
      return child;
    } catch (error) {
      this.#options.say(`${this.spec.name} could not be started: ${(error as Error).message}`);
      return dead; // whose end is known, so that the next attempt follows after the next wait
    }
  }

  async #becomeReady(child: Child): Promise<void> {
    const { health } = this.spec;
    if (health === undefined) return;
    try {
      await untilHealthy(child, health, this.#options.readyTimeoutMs);
      // It may have died just now, and another one be on its way.
      if (!this.#dead.has(child)) this.#markReady();
    } catch {
      await child.stop(this.#options.stopTimeoutMs); // one that hangs is as good as dead, and is started again
    }
  }

  #markReady(): void {
    this.#isReady = true;
    this.#ready.resolve();
  }

  /** Who waits for one that dies before it is ready waits on, for the next. */
  #markNotReady(): void {
    if (!this.#isReady) return;
    this.#isReady = false;
    this.#ready = Promise.withResolvers<void>();
    this.#ready.promise.catch(() => undefined); // whether anybody waits for it or not
  }
}
