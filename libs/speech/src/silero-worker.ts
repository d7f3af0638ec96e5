import { createRequire } from 'node:module';
import { parentPort } from 'node:worker_threads';
import { InferenceSession, Tensor } from 'onnxruntime-node';
import type { SileroMemory, SileroReply, SileroRequest } from './silero-messages.ts';
import { CHUNK_SAMPLES, CONTEXT_SAMPLES } from './silero-messages.ts';
import { SAMPLE_RATE_HZ } from './sample-rate.ts';

/**
 * Silero VAD v6 behind a message port: one request at a time, in order, on one thread of computation. It has a thread
 * of its own because inference would block the event loop, and because a native module wants the typed arrays of a
 * plain realm.
 */
const model = createRequire(import.meta.url).resolve('@ricky0123/vad-web/dist/silero_vad_v6.onnx');
const session = await InferenceSession.create(model, { intraOpNumThreads: 1, interOpNumThreads: 1, executionMode: 'sequential' });
const sampleRate = new Tensor('int64', BigInt64Array.of(BigInt(SAMPLE_RATE_HZ)), []);
let last: Promise<void> = Promise.resolve();

parentPort?.on('message', (request: SileroRequest | 'close') => {
  last = handle(last, request);
});

async function handle(before: Promise<void>, request: SileroRequest | 'close'): Promise<void> {
  await before;
  if (request === 'close') {
    await session.release();
    parentPort?.close();
  } else {
    parentPort?.postMessage(await answer(request));
  }
}

async function answer(request: SileroRequest): Promise<SileroReply> {
  try {
    return { id: request.id, ...(await hear(request.samples, request.memory)) };
  } catch (cause) {
    return { id: request.id, failure: String(cause) };
  }
}

async function hear(samples: Float32Array, memory: SileroMemory): Promise<{ probabilities: Float32Array; memory: SileroMemory }> {
  const probabilities = new Float32Array(samples.length / CHUNK_SAMPLES);
  const input = new Float32Array(CONTEXT_SAMPLES + CHUNK_SAMPLES);
  input.set(memory.context, CHUNK_SAMPLES);
  let state = memory.state;
  for (let chunk = 0; chunk < probabilities.length; chunk += 1) {
    input.copyWithin(0, CHUNK_SAMPLES);
    input.set(samples.subarray(chunk * CHUNK_SAMPLES, (chunk + 1) * CHUNK_SAMPLES), CONTEXT_SAMPLES);
    const outputs = await session.run({
      input: new Tensor('float32', input, [1, input.length]),
      state: new Tensor('float32', state, [2, 1, state.length / 2]),
      sr: sampleRate,
    });
    probabilities[chunk] = numbers(outputs['output'])[0] ?? 0;
    state = numbers(outputs['stateN']);
  }
  samples.fill(0);
  return { probabilities, memory: { context: input.slice(CHUNK_SAMPLES), state: Float32Array.from(state) } };
}

function numbers(tensor: Tensor | undefined): Float32Array {
  if (!(tensor?.data instanceof Float32Array)) throw new TypeError('the model gave something other than numbers');
  return tensor.data;
}
