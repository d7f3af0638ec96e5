import { parentPort } from 'node:worker_threads';
import { FaceMeasurer } from './face/face-measurer.ts';
import { pictureDigest } from './face/picture-digest.ts';
import { PictureDecoder } from './face/rgb-picture.ts';
import type { FaceReply, FaceRequest } from './face-messages.ts';

/** Measures faces, one picture at a time. Nothing of a picture outlives its reply but the numbers in it. */

const decoder = new PictureDecoder();
const measurer = await FaceMeasurer.load();
await measurer.warmUp();
let last: Promise<void> = Promise.resolve();
parentPort?.on('message', (request: FaceRequest | 'close') => {
  last = handle(last, request);
});
send({ type: 'ready' });

function send(reply: FaceReply): void {
  parentPort?.postMessage(reply);
}

async function handle(before: Promise<void>, request: FaceRequest | 'close'): Promise<void> {
  await before;
  if (request !== 'close') return send(await analyse(request));
  await measurer.release();
  parentPort?.close();
}

async function analyse({ id, jpeg, key }: FaceRequest): Promise<FaceReply> {
  try {
    const picture = decoder.decode(jpeg);
    if (typeof picture === 'string') return { type: 'not_an_image', id, why: picture };
    const measurement = { channel: 'face', ...(await measurer.measure(picture)), digest: pictureDigest(picture, key) } as const;
    return { type: 'measured', id, measurement };
  } catch (cause) {
    return { type: 'failed', id, why: String(cause) };
  } finally {
    decoder.forget();
    jpeg.fill(0);
  }
}
