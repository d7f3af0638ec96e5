import { InferenceSession, Tensor } from 'onnxruntime-node';
import { applied, type Affine } from '../../domain/affine.ts';
import type { Point } from '../../domain/face-area.ts';
import { FaceApiWeights } from './face-api-weights.ts';
import { OnnxGraph } from './onnx-graph.ts';
import { numbersOf, sessionOptions } from './onnx-session.ts';
import type { RgbPicture } from './rgb-picture.ts';
import { samplePlanes, sampleThrough, type Rectangle } from './sampled-planes.ts';

/** The 68 points of the iBUG 300-W annotation, from 0: which are which part of the face. */
export const landmarkRanges = { nose: [27, 36], leftEye: [36, 42], rightEye: [42, 48], mouth: [48, 68] } as const;

const inputSize = 112;
const meanColour = [122.782, 117.001, 104.298];
const stages = 4;

/** The 68-point network of face-api (MIT): densely connected depthwise convolutions, trained on 35,000 pictures. */
export class FaceLandmarks68 {
  readonly #session: InferenceSession;
  readonly #planes = new Float32Array(3 * inputSize * inputSize);

  private constructor(session: InferenceSession) {
    this.#session = session;
  }

  static async load(): Promise<FaceLandmarks68> {
    return new FaceLandmarks68(await InferenceSession.create(landmarksModel(), sessionOptions));
  }

  release(): Promise<void> {
    return this.#session.release();
  }

  /** The 68 points of the face in a box, in pixels of the picture; undefined for a box that lies outside. */
  async locate(picture: RgbPicture, box: Rectangle): Promise<Point[] | undefined> {
    const part = insideOf(picture, box);
    if (part.width <= 0 || part.height <= 0) return undefined;
    // The network sees a square with the face in the middle, black at its sides.
    const side = Math.max(part.width, part.height);
    const square = { x: part.x - Math.floor((side - part.width) / 2), y: part.y - Math.floor((side - part.height) / 2), width: side, height: side };
    samplePlanes(picture, square, part, side / inputSize, { planes: this.#planes, width: inputSize, height: inputSize });
    const shares = await this.#run();
    return shares.map(({ x, y }) => ({ x: square.x + x * side, y: square.y + y * side }));
  }

  /**
   * The points again, of the picture as it lies through a placement (`facePlacement` of the points before): upright and from the
   * front, so that it hardly matters how a flat picture is held.
   */
  async locateThrough(picture: RgbPicture, placement: Affine): Promise<Point[]> {
    sampleThrough(picture, placement, { planes: this.#planes, width: inputSize, height: inputSize });
    const shares = await this.#run();
    return shares.map(({ x, y }) => applied(placement, { x: x * inputSize, y: y * inputSize }));
  }

  /** The points as shares of the input's side. */
  async #run(): Promise<Point[]> {
    const { points } = await this.#session.run({ pixels: new Tensor('float32', this.#planes, [1, 3, inputSize, inputSize]) });
    this.#planes.fill(0);
    const values = numbersOf(points);
    return Array.from({ length: values.length / 2 }, (_, nth) => ({ x: values[2 * nth]!, y: values[2 * nth + 1]! }));
  }
}

/** Whole pixels of the picture. */
function insideOf(picture: RgbPicture, box: Rectangle): Rectangle {
  const [x, y] = [Math.max(0, Math.floor(box.x)), Math.max(0, Math.floor(box.y))];
  return { x, y, width: Math.min(picture.width - x, Math.floor(box.width)), height: Math.min(picture.height - y, Math.floor(box.height)) };
}

/** `pixels`: 1, 3, 112, 112, 0..255; `points`: 1, 136, x and y as shares of the side. */
function landmarksModel(): Uint8Array {
  const weights = new FaceApiWeights('face_landmark_68_model');
  const graph = new OnnxGraph('face_landmarks_68');
  const bias = (name: string) => graph.constant(name, weights.plain(name));
  const relu = (value: string) => graph.node('Relu', [value]);
  const separable = (value: string, name: string, stride: number) => {
    const depthwise = weights.depthwise(`${name}/depthwise_filter`);
    const filtered = graph.node('Conv', [value, graph.constant(`${name}/depthwise`, depthwise)], { kernel_shape: [3, 3], strides: [stride, stride], auto_pad: 'SAME_UPPER', group: depthwise.shape[0]! });
    const pointwise = graph.constant(`${name}/pointwise`, weights.convolution(`${name}/pointwise_filter`));
    return graph.node('Conv', [filtered, pointwise, bias(`${name}/bias`)], { kernel_shape: [1, 1] });
  };
  const input = graph.input('pixels', [1, 3, inputSize, inputSize]);
  const mean = graph.constant('mean', { shape: [1, 3, 1, 1], values: Float32Array.from(meanColour) });
  const share = graph.constant('share', { shape: [1], values: Float32Array.of(1 / 255) });
  let value = graph.node('Mul', [graph.node('Sub', [input, mean]), share]);
  for (let stage = 0; stage < stages; stage += 1) {
    const name = `dense${stage}`;
    const first = stage === 0 ? graph.node('Conv', [value, graph.constant('first', weights.convolution(`${name}/conv0/filters`)), bias(`${name}/conv0/bias`)], { kernel_shape: [3, 3], strides: [2, 2], auto_pad: 'SAME_UPPER' }) : separable(value, `${name}/conv0`, 2);
    // Each further layer sees the sum of all before it.
    let sum = relu(first);
    let seen = sum;
    for (let layer = 1; layer < 4; layer += 1) {
      sum = graph.node('Add', [sum, separable(seen, `${name}/conv${layer}`, 1)]);
      seen = relu(sum);
    }
    value = seen;
  }
  const pooled = graph.node('Flatten', [graph.node('AveragePool', [value], { kernel_shape: [7, 7], strides: [2, 2] })]);
  graph.node('Gemm', [pooled, graph.constant('fc/weights', weights.plain('fc/weights')), bias('fc/bias')], {}, 'points');
  graph.output('points', [1, 136]);
  return graph.finish();
}
