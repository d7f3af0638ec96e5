import { Worker } from 'node:worker_threads';
import { parleyError } from '@parley/errors';
import type { SileroMemory, SileroReply, SileroRequest } from './silero-messages.ts';

/** A second of sound takes about 10 ms, so that a full queue of half-second pieces is about a second of work. */
const MAX_WAITING = 256;

type Heard = Extract<SileroReply, { probabilities: unknown }>;
interface Waiting {
  readonly resolve: (heard: Heard) => void;
  readonly reject: (reason: Error) => void;
}

/** The process's one inference thread; it starts with its first request, and again after it failed. */
export class Silero {
  readonly #waiting = new Map<number, Waiting>();
  #worker: Worker | undefined;
  #nextId = 0;

  /**
   * The probability of speech in each chunk of `samples`, and what to pass in `memory` with the next ones.
   * @throws ParleyError speech.detector_busy, speech.detector_failed
   */
  async hear(samples: Float32Array, memory: SileroMemory): Promise<Heard> {
    if (this.#waiting.size >= MAX_WAITING) throw parleyError('speech.detector_busy', `${MAX_WAITING} pieces of sound wait already`);
    const worker = (this.#worker ??= this.#start());
    const id = this.#nextId;
    this.#nextId += 1;
    const { promise, resolve, reject } = Promise.withResolvers<Heard>();
    this.#waiting.set(id, { resolve, reject });
    // An idle detector keeps no process alive.
    worker.ref();
    worker.postMessage({ id, samples, memory } satisfies SileroRequest, [samples.buffer as ArrayBuffer]);
    return promise;
  }

  /** Ends the thread once it has answered what it was asked. */
  async close(): Promise<void> {
    const worker = this.#worker;
    if (!worker) return;
    this.#worker = undefined;
    worker.ref();
    const ended = new Promise<void>((resolve) => worker.once('exit', () => resolve()));
    worker.postMessage('close');
    await ended;
  }

  #start(): Worker {
    const worker = new Worker(new URL('./silero-worker.ts', import.meta.url), { execArgv: [] });
    const asked = this.#waiting;
    worker.on('message', (reply: SileroReply) => {
      const waiting = asked.get(reply.id);
      asked.delete(reply.id);
      if (asked.size === 0) worker.unref();
      if ('failure' in reply) waiting?.reject(parleyError('speech.detector_failed', reply.failure));
      else waiting?.resolve(reply);
    });
    worker.once('error', (cause) => this.#failed(worker, cause));
    worker.once('exit', () => this.#failed(worker, new Error('the inference thread ended')));
    return worker;
  }

  #failed(worker: Worker, cause: unknown): void {
    if (this.#worker !== worker) return;
    this.#worker = undefined;
    const failed = [...this.#waiting.values()];
    this.#waiting.clear();
    for (const { reject } of failed) reject(parleyError('speech.detector_failed', 'the voice detector failed', { cause }));
  }
}
