// Faces: the networks on onnxruntime against face-api on WebAssembly, on the same pictures, each on one processor. Voices: the
// service's engine against real time.
import { FaceMeasurer } from '../../../services/recognition/src/engines/face/face-measurer.ts';
import { pictureDigest } from '../../../services/recognition/src/engines/face/picture-digest.ts';
import { PictureDecoder } from '../../../services/recognition/src/engines/face/rgb-picture.ts';
import { TinyFaceDetector, type FaceBox } from '../../../services/recognition/src/engines/face/tiny-face-detector.ts';
import { loadFaceApi, type FaceApi } from './recognition/face-api.ts';
import { decode, framesOf, type Frame } from './recognition/frames.ts';
import { voiceRows } from './recognition/voices.ts';
import { progress, report } from './report.ts';
import type { Measured } from './result-row.ts';

const sizes = [[640, 480], [1280, 720]] as const;
const repetitions = 3;
const minScore = 0.5;
/** Both decide by a threshold, on numbers that differ in the sixth digit. */
const nearlyMinScore = 0.499;

const decoder = new PictureDecoder();
const measurer = await FaceMeasurer.load();
const [large] = (await TinyFaceDetector.load([416])) as [TinyFaceDetector];
const faceApi = await loadFaceApi();

/** As the service does it: decoding, measuring, and telling the picture from others. @returns how many faces there are */
async function parley(frame: Frame): Promise<number> {
  const picture = decoder.decode(frame.jpeg);
  if (typeof picture === 'string') throw new Error(picture);
  pictureDigest(picture, 'bench');
  return (await measurer.measure(picture)).faces;
}

/** Its detector at its usual input, and the points of the largest face. */
async function baseline({ jpeg, width, height }: Frame): Promise<FaceBox[]> {
  const { tf, nets } = faceApi;
  const tensor = tf.tensor3d(decode(jpeg).data, [height, width, 3], 'int32');
  const found = [...(await faceApi.detectAllFaces(tensor, inputOf(faceApi)))].sort((one, other) => other.box.area - one.box.area);
  if (found[0] !== undefined) {
    const [crop] = await faceApi.extractFaceTensors(tensor, [found[0].box]);
    if (crop !== undefined) {
      await nets.faceLandmark68Net.detectLandmarks(crop);
      crop.dispose();
    }
  }
  tensor.dispose();
  return found.map(({ box, score }) => ({ x: box.x, y: box.y, width: box.width, height: box.height, score }));
}

function inputOf({ TinyFaceDetectorOptions }: FaceApi): object {
  return new TinyFaceDetectorOptions({ inputSize: 416, scoreThreshold: minScore });
}

/** Milliseconds of each frame. */
async function timed(frames: readonly Frame[], look: (frame: Frame) => Promise<unknown>): Promise<number[]> {
  const times: number[] = [];
  for (const frame of frames) {
    const startMs = performance.now();
    await look(frame);
    times.push(performance.now() - startMs);
  }
  return times;
}

/** Of the faces that the baseline finds, how many are not found at its own input, and in how many frames the service would find none. */
async function lost(frames: readonly Frame[]): Promise<{ readonly faces: number; readonly ofFaces: number; readonly frames: number }> {
  const counts = { faces: 0, ofFaces: 0, frames: 0 };
  for (const frame of frames) {
    const theirs = await baseline(frame);
    const ours = await large.detect({ width: frame.width, height: frame.height, data: frame.pixels }, nearlyMinScore);
    counts.ofFaces += theirs.length;
    counts.faces += theirs.filter((face) => !ours.some((own) => isSame(own, face))).length;
    if (theirs.length > 0 && (await parley(frame)) === 0) counts.frames += 1;
  }
  return counts;
}

function isSame(one: FaceBox, other: FaceBox): boolean {
  const apart = Math.abs(one.x - other.x) + Math.abs(one.y - other.y) + Math.abs(one.width - other.width) + Math.abs(one.height - other.height);
  return apart < 0.1 * (other.width + other.height);
}

function percentile(values: readonly number[], share: number): number {
  return values.toSorted((one, other) => one - other)[Math.ceil(values.length * share) - 1]!;
}

const rows: Measured[] = [];
for (const [width, height] of sizes) {
  progress(`preparing frames of ${width}x${height}`);
  const frames = await framesOf(width, height);
  const [ours, theirs]: [number[][], number[][]] = [[], []];
  for (let repetition = -1; repetition < repetitions; repetition += 1) {
    progress(`${width}x${height}: ${repetition < 0 ? 'warming up' : `repetition ${repetition + 1} of ${repetitions}`}`);
    const [own, other] = [await timed(frames, parley), await timed(frames, baseline)];
    if (repetition < 0) continue;
    ours.push(own);
    theirs.push(other);
  }
  const rate = (times: readonly number[]) => (times.length * 1_000) / times.reduce((sum, ms) => sum + ms, 0);
  const name = `${width}x${height}`;
  const missed = await lost(frames);
  rows.push(
    { name: `${name}: frames a second, by face-api's`, unit: 'frames/s', values: ours.map(rate), baselines: theirs.map(rate), goal: { atLeast: 5 } },
    { name: `${name}: p99 of a frame`, unit: 'ms', values: ours.map((times) => percentile(times, 0.99)), baselines: theirs.map((times) => percentile(times, 0.99)) },
    { name: `${name}: faces lost, of ${missed.ofFaces} that face-api finds`, unit: 'faces', values: [missed.faces], goal: { atMost: 0 } },
    { name: `${name}: frames lost, of ${frames.length}`, unit: 'frames', values: [missed.frames], goal: { atMost: 0 } },
  );
}
rows.push(...(await voiceRows()));
report('recognition', rows);
