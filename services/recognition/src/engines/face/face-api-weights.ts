import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import type { Weights } from './onnx-graph.ts';

/** Networks of @vladmandic/face-api (MIT), and the SHA-256 of their weights' list and of the weights. */
const networks = {
  tiny_face_detector_model: ['5d1af4849ac48d5b985f4a9b16010c512353ddd6fcc63d50fd0bc9e9e64296e5', 'b7503ce7df31039b1c43316a9b865cab6a70dd748cc602d3fa28b551503c3871'],
  face_landmark_68_model: ['ca4886639f86e99b39fed0c155f81b63317225773bd9616716e887b0153389c9', '4611ef65c87d836d03d684b30eec4d195d8b219fa1dd58fc58945831c6b9299b'],
} as const;

interface Entry {
  readonly name: string;
  readonly shape: readonly number[];
  /** A weight is its byte times `scale`, plus `min`. */
  readonly quantization: { readonly scale: number; readonly min: number };
}

/** The weights of one network by name, as TensorFlow orders them. */
export class FaceApiWeights {
  readonly #entries: ReadonlyMap<string, Weights>;

  /** @throws Error when the files are not those that were checked */
  constructor(network: keyof typeof networks) {
    const folder = join(dirname(createRequire(import.meta.url).resolve('@vladmandic/face-api/package.json')), 'model');
    const [listSum, weightsSum] = networks[network];
    const list = checkedFile(join(folder, `${network}-weights_manifest.json`), listSum);
    const [{ weights }] = JSON.parse(list.toString('utf8')) as [{ readonly weights: readonly Entry[] }];
    this.#entries = dequantized(weights, checkedFile(join(folder, `${network}.bin`), weightsSum));
  }

  /** Of a convolution: height, width, input, output becomes output, input, height, width. */
  convolution(name: string): Weights {
    const { shape, values } = this.#weights(name);
    const [height, width, inputs, outputs] = shape as [number, number, number, number];
    return reordered(values, [outputs, inputs, height, width], (output, input, row, column) => ((row * width + column) * inputs + input) * outputs + output);
  }

  /** Of one that treats each channel by itself: height, width, channel, 1 becomes channel, 1, height, width. */
  depthwise(name: string): Weights {
    const { shape, values } = this.#weights(name);
    const [height, width, channels] = shape as [number, number, number];
    return reordered(values, [channels, 1, height, width], (channel, _one, row, column) => (row * width + column) * channels + channel);
  }

  /** As it is. */
  plain(name: string): Weights {
    return this.#weights(name);
  }

  #weights(name: string): Weights {
    const found = this.#entries.get(name);
    if (found === undefined) throw new Error(`the network has no weights ${name}`);
    return found;
  }
}

function checkedFile(path: string, sum: string): Buffer {
  const bytes = readFileSync(path);
  if (createHash('sha256').update(bytes).digest('hex') !== sum) throw new Error(`${path} is not the file that was checked`);
  return bytes;
}

function dequantized(entries: readonly Entry[], bytes: Uint8Array): ReadonlyMap<string, Weights> {
  const all = new Map<string, Weights>();
  let at = 0;
  for (const { name, shape, quantization } of entries) {
    const length = shape.reduce((product, size) => product * size, 1);
    const values = Float32Array.from(bytes.subarray(at, at + length), (byte) => byte * quantization.scale + quantization.min);
    all.set(name, { shape, values });
    at += length;
  }
  return all;
}

function reordered(values: Float32Array, shape: readonly [number, number, number, number], from: (a: number, b: number, c: number, d: number) => number): Weights {
  const [as, bs, cs, ds] = shape;
  const result = new Float32Array(values.length);
  let at = 0;
  for (let a = 0; a < as; a += 1) {
    for (let b = 0; b < bs; b += 1) {
      for (let c = 0; c < cs; c += 1) {
        for (let d = 0; d < ds; d += 1, at += 1) result[at] = values[from(a, b, c, d)]!;
      }
    }
  }
  return { shape, values: result };
}
