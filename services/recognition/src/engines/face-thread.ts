import { Worker } from 'node:worker_threads';
import type { FaceReply, FaceRequest } from './face-messages.ts';

/** A picture takes some 20 ms; a thread that takes this long hangs. */
const TIMEOUT_MS = 20_000;
/** What a thread that is told to end may take for that. */
const ENDING_MS = 20_000;

/** One thread with the models, for one picture at a time. It starts when it is first needed, and again after it failed. */
export class FaceThread {
  #worker: Promise<Worker> | undefined;
  #nextId = 0;
  #closed = false;

  /** Loads the models. */
  async start(): Promise<void> {
    await this.#started();
  }

  /**
   * Rejects when the thread failed or was too slow; the next picture gets a new one.
   * @param key digests of one key can be compared
   */
  async analyse(jpeg: Uint8Array, key: string, timeoutMs = TIMEOUT_MS): Promise<Exclude<FaceReply, { type: 'ready' }>> {
    const worker = await this.#started();
    const id = this.#nextId;
    this.#nextId += 1;
    // A copy of its own: what arrived may be a part of a larger buffer, all of which would be copied.
    const own = new Uint8Array(jpeg);
    worker.postMessage({ id, jpeg: own, key } satisfies FaceRequest, [own.buffer]);
    try {
      const reply = await nextReply(worker, timeoutMs);
      if (this.#closed) throw new Error('the face engine is closed');
      if (reply.type === 'ready' || reply.id !== id) throw new Error('the face thread answers out of turn');
      return reply;
    } catch (error) {
      this.#worker = undefined;
      void end(worker);
      throw error;
    }
  }

  get isClosed(): boolean {
    return this.#closed;
  }

  /** For good: a picture that is being looked at fails. */
  async close(): Promise<void> {
    this.#closed = true;
    const worker = await this.#worker?.catch(() => undefined);
    this.#worker = undefined;
    if (worker) await end(worker);
  }

  #started(): Promise<Worker> {
    if (this.#closed) return Promise.reject(new Error('the face engine is closed'));
    const starting = (this.#worker ??= start());
    starting.catch(() => {
      if (this.#worker === starting) this.#worker = undefined;
    });
    return starting;
  }
}

async function start(): Promise<Worker> {
  const worker = new Worker(new URL('./face-worker.ts', import.meta.url), { execArgv: [] });
  // Failures reach who waits for a reply; without a listener they would end the process.
  worker.on('error', () => undefined);
  try {
    await nextReply(worker, TIMEOUT_MS);
    return worker;
  } catch (error) {
    void end(worker);
    throw error;
  }
}

/**
 * Lets a thread end by itself, after the picture that it is at. To terminate one that is inside of a native library ends
 * the process: that is left for one that never comes out of it.
 */
async function end(worker: Worker): Promise<void> {
  const { promise: ended, resolve } = Promise.withResolvers<void>();
  worker.once('exit', () => resolve());
  const timer = setTimeout(() => void worker.terminate(), ENDING_MS).unref();
  worker.postMessage('close');
  if (worker.threadId === -1) resolve();
  await ended;
  clearTimeout(timer);
}

async function nextReply(worker: Worker, timeoutMs: number): Promise<FaceReply> {
  const { promise, resolve, reject } = Promise.withResolvers<FaceReply>();
  const onExit = (): void => reject(new Error('the face thread ended'));
  const timer = setTimeout(() => reject(new Error(`the face thread took longer than ${timeoutMs} ms`)), timeoutMs);
  worker.once('message', resolve).once('error', reject).once('exit', onExit);
  try {
    return await promise;
  } finally {
    clearTimeout(timer);
    worker.off('message', resolve).off('error', reject).off('exit', onExit);
  }
}
