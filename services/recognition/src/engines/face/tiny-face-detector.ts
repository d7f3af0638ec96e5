import { InferenceSession, Tensor } from 'onnxruntime-node';
import { FaceApiWeights } from './face-api-weights.ts';
import { OnnxGraph } from './onnx-graph.ts';
import { numbersOf, sessionOptions } from './onnx-session.ts';
import type { RgbPicture } from './rgb-picture.ts';
import { samplePlanes, type Rectangle } from './sampled-planes.ts';

/** A face, in pixels of the picture. */
export interface FaceBox extends Rectangle {
  /** 0..1 */
  readonly score: number;
}

/** Of the network: it looks at cells of so many pixels of its input, and finds up to five faces in each. */
const cellPixels = 32;
/** Widths and heights of the faces that it expects, in cells (TinyYolov2 of face-api). */
const anchors = [[1.603231, 2.094468], [6.041143, 7.080126], [2.882459, 3.518061], [4.266906, 5.178857], [9.041765, 10.66308]] as const;
const valuesPerAnchor = 5;
const valuesPerCell = anchors.length * valuesPerAnchor;
/** Boxes that cover each other by more (intersection over union) are one face. */
const sameFace = 0.4;
/** What the network was trained to have subtracted. */
const meanColour = [117.001, 114.697, 97.404];

/** The tiny face detector of face-api (MIT): a small YOLO v2 with depthwise convolutions, trained on 14,000 pictures. */
export class TinyFaceDetector {
  readonly #session: InferenceSession;
  readonly #inputSize: number;
  readonly #planes: Float32Array;

  private constructor(session: InferenceSession, inputSize: number) {
    this.#session = session;
    this.#inputSize = inputSize;
    this.#planes = new Float32Array(3 * inputSize * inputSize);
  }

  /** @param inputSizes pixels of the input's side, a multiple of 32; a detector for each, on one network */
  static async load(inputSizes: readonly number[]): Promise<TinyFaceDetector[]> {
    const session = await InferenceSession.create(tinyFaceDetectorModel(), sessionOptions);
    return inputSizes.map((inputSize) => new TinyFaceDetector(session, inputSize));
  }

  /** The network is gone for all detectors that are on it. */
  async release(): Promise<void> {
    await this.#session.release();
  }

  /** The faces of a score above `minScore`, the best first. */
  async detect(picture: RgbPicture, minScore: number): Promise<FaceBox[]> {
    const side = Math.max(picture.width, picture.height);
    const scale = side / this.#inputSize;
    // The input is a square that is black where the picture ends: of that no more is looked at than the last faces reach into.
    const [width, height] = [inputLength(picture.width / scale, this.#inputSize), inputLength(picture.height / scale, this.#inputSize)];
    const planes = this.#planes.subarray(0, 3 * width * height);
    samplePlanes(picture, { x: 0, y: 0, width: side, height: side }, { x: 0, y: 0, ...picture }, scale, { planes, width, height });
    const { cells } = await this.#session.run({ pixels: new Tensor('float32', planes, [1, 3, height, width]) });
    planes.fill(0);
    return distinct(boxesOf(numbersOf(cells), cells!.dims, minScore, cellPixels * scale));
  }
}

function inputLength(length: number, inputSize: number): number {
  return Math.min(inputSize, Math.ceil(Math.ceil(length) / cellPixels) * cellPixels + cellPixels);
}

function boxesOf(values: Float32Array, [, rows = 0, columns = 0]: readonly number[], minScore: number, cellSize: number): FaceBox[] {
  const found: FaceBox[] = [];
  const minValue = Math.log(minScore / (1 - minScore));
  for (let row = 0; row < rows; row += 1) {
    for (let column = 0; column < columns; column += 1) {
      for (const [nth, [wide, tall]] of anchors.entries()) {
        const at = (row * columns + column) * valuesPerCell + nth * valuesPerAnchor;
        const [x, y, widthLog, heightLog, score] = values.subarray(at, at + valuesPerAnchor) as unknown as [number, number, number, number, number];
        if (score <= minValue) continue;
        const [width, height] = [Math.exp(widthLog) * wide * cellSize, Math.exp(heightLog) * tall * cellSize];
        found.push({ x: (column + sigmoid(x)) * cellSize - width / 2, y: (row + sigmoid(y)) * cellSize - height / 2, width, height, score: sigmoid(score) });
      }
    }
  }
  return found;
}

function distinct(boxes: readonly FaceBox[]): FaceBox[] {
  const kept: FaceBox[] = [];
  for (const box of boxes.toSorted((one, other) => other.score - one.score)) {
    if (kept.every((better) => overlap(box, better) <= sameFace)) kept.push(box);
  }
  return kept;
}

/** Intersection over union. */
function overlap(one: Rectangle, other: Rectangle): number {
  const width = Math.min(one.x + one.width, other.x + other.width) - Math.max(one.x, other.x);
  const height = Math.min(one.y + one.height, other.y + other.height) - Math.max(one.y, other.y);
  if (width <= 0 || height <= 0) return 0;
  const common = width * height;
  return common / (one.width * one.height + other.width * other.height - common);
}

function sigmoid(value: number): number {
  return 1 / (1 + Math.exp(-value));
}

/** `pixels`: 1, 3, height, width, 0..255; `cells`: 1, rows, columns, 25. */
function tinyFaceDetectorModel(): Uint8Array {
  const weights = new FaceApiWeights('tiny_face_detector_model');
  const graph = new OnnxGraph('tiny_face_detector');
  const leaky = (value: string) => graph.node('LeakyRelu', [value], { alpha: { float: 0.1 } });
  const pooled = (value: string, stride: number) => graph.node('MaxPool', [value], { kernel_shape: [2, 2], strides: [stride, stride], auto_pad: 'SAME_UPPER' });

  const first = normalizing(weights);
  let value = graph.input('pixels', [1, 3, 'height', 'width']);
  value = graph.node('Conv', [value, graph.constant('conv0', first.filters), graph.constant('bias0', first.bias)], { kernel_shape: [3, 3] });
  value = pooled(leaky(value), 2);
  for (let layer = 1; layer <= 5; layer += 1) {
    const depthwise = weights.depthwise(`conv${layer}/depthwise_filter`);
    value = graph.node('Conv', [value, graph.constant(`depthwise${layer}`, depthwise)], { kernel_shape: [3, 3], pads: [1, 1, 1, 1], group: depthwise.shape[0]! });
    const pointwise = graph.constant(`pointwise${layer}`, weights.convolution(`conv${layer}/pointwise_filter`));
    value = graph.node('Conv', [value, pointwise, graph.constant(`bias${layer}`, weights.plain(`conv${layer}/bias`))], { kernel_shape: [1, 1] });
    value = pooled(leaky(value), layer === 5 ? 1 : 2);
  }
  value = graph.node('Conv', [value, graph.constant('conv8', weights.convolution('conv8/filters')), graph.constant('bias8', weights.plain('conv8/bias'))], { kernel_shape: [1, 1] });
  graph.node('Transpose', [value], { perm: [0, 2, 3, 1] }, 'cells');
  graph.output('cells', [1, 'rows', 'columns', valuesPerCell]);
  return graph.finish();
}

/** The first layer, which takes bytes as they are: subtracting the mean and dividing by 255 is put into its weights. */
function normalizing(weights: FaceApiWeights) {
  const { shape, values } = weights.convolution('conv0/filters');
  const [outputs, inputs, height, width] = shape as [number, number, number, number];
  const bias = weights.plain('conv0/bias').values.slice();
  const filters = values.map((value) => value / 255);
  for (let output = 0; output < outputs; output += 1) {
    for (let input = 0; input < inputs; input += 1) {
      for (let at = 0; at < height * width; at += 1) bias[output]! -= filters[(output * inputs + input) * height * width + at]! * meanColour[input]!;
    }
  }
  return { filters: { shape, values: filters }, bias: { shape: [outputs], values: bias } };
}
