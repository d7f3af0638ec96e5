import type { Camera } from '@parley/picture-sequences';
import { facePresence, initialFaceStanding, } from '../../../../services/recognition/src/domain/face-standing.ts';
import type { Presence } from '../../../../services/recognition/src/domain/finding.ts';
import { initialLiveness, observeFace } from '../../../../services/recognition/src/domain/liveness.ts';
import { FaceMeasurer } from '../../../../services/recognition/src/engines/face/face-measurer.ts';
import { pictureDigest } from '../../../../services/recognition/src/engines/face/picture-digest.ts';
import { PictureDecoder } from '../../../../services/recognition/src/engines/face/rgb-picture.ts';

export interface Observed {
  readonly atMs: number;
  readonly sign: boolean;
  readonly replayed: boolean;
  readonly presence: Presence;
}

const decoder = new PictureDecoder();
const measurer = await FaceMeasurer.load();

/** What the service makes of a camera, as a call's face channel would: pictures at times, judged with a policy's `livenessMs`. */
export async function observed(camera: Camera, timesMs: readonly number[], livenessMs: number): Promise<Observed[]> {
  let [state, standing] = [initialLiveness, initialFaceStanding];
  const all: Observed[] = [];
  for (const atMs of timesMs) {
    const picture = decoder.decode(camera.jpegAt(atMs));
    if (typeof picture === 'string') throw new Error(picture);
    const face = { channel: 'face', ...(await measurer.measure(picture)), digest: pictureDigest(picture, 'bench') } as const;
    const looked = observeFace(state, atMs, face);
    const judged = facePresence(standing, { ...looked, atMs, isShown: face.faces > 0 }, livenessMs);
    [state, standing] = [looked.state, judged.standing];
    all.push({ atMs, sign: looked.sign, replayed: looked.replayed, presence: judged.presence });
  }
  return all;
}
