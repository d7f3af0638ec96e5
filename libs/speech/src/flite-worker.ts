import { parentPort, workerData } from 'node:worker_threads';
import { WASI } from 'node:wasi';
import type { FliteJob } from './synthesize.ts';

/**
 * Runs flite once and ends. WASI calls are synchronous, hence a thread of its own; the only folder that the program
 * can see is the private one of this sentence.
 */
const job = workerData as FliteJob;
const wasi = new WASI({
  version: 'preview1',
  args: ['flite', '-voice', job.voice, '-t', job.text, '-o', '/out/speech.wav'],
  preopens: { '/out': job.folder },
  returnOnExit: true,
});
const instance = new WebAssembly.Instance(job.module, wasi.getImportObject() as WebAssembly.Imports);
parentPort?.postMessage(wasi.start(instance));
