import { createRequire, registerHooks } from 'node:module';
import { dirname, join } from 'node:path';

/** The little of face-api that is used here. Its own types need the whole of TensorFlow.js. */
export interface Tensor {
  dispose(): void;
}

interface Box {
  readonly x: number;
  readonly y: number;
  readonly width: number;
  readonly height: number;
  readonly area: number;
}

interface Landmarks {
  getLeftEye(): readonly Point[];
  getRightEye(): readonly Point[];
  getNose(): readonly Point[];
  getMouth(): readonly Point[];
}

interface Point {
  readonly x: number;
  readonly y: number;
}

interface Net {
  loadFromDisk(folder: string): Promise<void>;
}

interface TensorFlow {
  readonly Tensor: { readonly prototype: Record<string, unknown> };
  setBackend(name: string): Promise<boolean>;
  tensor3d(values: Uint8Array, shape: readonly [number, number, number], type: 'int32'): Tensor;
  reshape(tensor: Tensor, shape: readonly number[]): Tensor;
  cast(tensor: Tensor, type: string): Tensor;
  readonly [operation: string]: unknown;
}

export interface FaceApi {
  readonly tf: TensorFlow;
  readonly nets: {
    readonly tinyFaceDetector: Net;
    readonly faceLandmark68Net: Net & { detectLandmarks(face: Tensor): Promise<Landmarks> };
  };
  readonly TinyFaceDetectorOptions: new (options: { readonly inputSize: number; readonly scoreThreshold: number }) => object;
  detectAllFaces(picture: Tensor, options: object): PromiseLike<readonly { readonly box: Box; readonly score: number }[]>;
  extractFaceTensors(picture: Tensor, boxes: readonly Box[]): Promise<Tensor[]>;
}

/** Operations that face-api calls as methods of a tensor. */
const METHODS = ['add', 'concat', 'conv2d', 'div', 'expandDims', 'max', 'mul', 'pad', 'relu', 'reshape', 'sigmoid', 'slice', 'sub', 'tile', 'transpose', 'unstack'];

/**
 * Loads face-api on TensorFlow.js' WebAssembly backend, with its models. It changes how modules are found.
 *
 * face-api asks for the package @tensorflow/tfjs, of which it needs the core alone; the rest (layers, data, WebGL) would
 * be ten times its size. The one thing that package adds to the core, operations as methods of a tensor, is added here.
 */
export async function loadFaceApi(): Promise<FaceApi> {
  registerHooks({
    resolve: (specifier, context, next) => next(specifier === '@tensorflow/tfjs' ? '@tensorflow/tfjs-core' : specifier, context),
  });
  const require = createRequire(import.meta.url);
  const folderOf = (name: string): string => dirname(require.resolve(`${name}/package.json`));
  const wasm = require('@tensorflow/tfjs-backend-wasm') as { setWasmPaths(folder: string): void; setThreadsCount(count: number): void };
  const faceApi = require('@vladmandic/face-api/dist/face-api.node-wasm.js') as FaceApi;
  addMethods(faceApi.tf);
  wasm.setThreadsCount(1);
  wasm.setWasmPaths(`${join(folderOf('@tensorflow/tfjs-backend-wasm'), 'dist')}/`);
  if (!(await faceApi.tf.setBackend('wasm'))) throw new Error('the WebAssembly backend does not start');
  const models = join(folderOf('@vladmandic/face-api'), 'model');
  await faceApi.nets.tinyFaceDetector.loadFromDisk(models);
  await faceApi.nets.faceLandmark68Net.loadFromDisk(models);
  return faceApi;
}

type Operation = (tensor: Tensor, ...rest: unknown[]) => unknown;

function addMethods(tf: TensorFlow): void {
  const methods = tf.Tensor.prototype;
  for (const name of METHODS) {
    methods[name] ??= function operation(this: Tensor, ...rest: unknown[]) {
      return (tf[name] as Operation)(this, ...rest);
    };
  }
  for (const name of ['as1D', 'as2D', 'as3D', 'as4D']) {
    methods[name] = function reshaped(this: Tensor & { readonly size: number }, ...shape: number[]) {
      return tf.reshape(this, shape.length === 0 ? [this.size] : shape);
    };
  }
  methods['toInt'] = function toInt(this: Tensor) {
    return tf.cast(this, 'int32');
  };
  methods['toFloat'] = function toFloat(this: Tensor) {
    return tf.cast(this, 'float32');
  };
}
