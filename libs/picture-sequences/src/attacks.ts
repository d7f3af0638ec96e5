import { genuineView, type Camera, type View } from './genuine.ts';
import { emptyRoom, type Person } from './people.ts';
import { copySample, encoded, exposed, frameHeight, frameWidth, mapped, type Picture, type Point } from './picture.ts';
import { hashed, smooth } from './random.ts';

/**
 * still: a photograph before the camera, which is at rest. moved: shifted, zoomed and turned within its plane. waved: tilted
 * about both axes, too, as a hand does it. flickering: brightness changes. jittered: moved at random from frame to frame, and
 * coded well and badly. frozen: one and the same frame. looped: some seconds of somebody, again and again, each frame moved
 * and coded anew. replayed: the same, with the frames as they were. empty: a room.
 */
export const attacks = ['still', 'moved', 'waved', 'flickering', 'jittered', 'frozen', 'looped', 'replayed', 'empty'] as const;
export type Attack = (typeof attacks)[number];

/** Of the loops' recordings, in frames a second. */
const recordedPerSecond = 25;

/** @param loopMs how long the loops are */
export function attack(kind: Attack, someone: Person, seed: number, loopMs = 4_000): Camera {
  const at = (atMs: number) => hashed(seed, atMs) * 1e9;
  const shown = (view: View, quality = 85): Camera => ({ jpegAt: (atMs) => encoded(exposed(view(atMs), { gain: 1, noise: 2, seed: at(atMs) }), quality) });
  const held = (placed: (atMs: number) => Placed): Camera => shown((atMs) => place(someone.frame, placed(atMs)));
  switch (kind) {
    case 'still':
      return shown(() => someone.frame);
    case 'moved':
      return held((atMs) => moved(seed, atMs, 0));
    case 'waved':
      return held((atMs) => moved(seed, atMs, 30));
    case 'flickering':
      return { jpegAt: (atMs) => encoded(exposed(someone.frame, { gain: 0.85 + 0.4 * smooth(seed, atMs, 600), noise: 3, seed: at(atMs) }), 85) };
    case 'jittered':
      return { jpegAt: (atMs) => encoded(exposed(place(someone.frame, jitter(seed, atMs, 1)), { gain: 0.9 + 0.2 * hashed(seed + 9, atMs), noise: 4, seed: at(atMs) }), 30 + Math.floor(60 * hashed(seed + 8, atMs))) };
    case 'frozen':
      return { jpegAt: () => encoded(someone.frame, 85) };
    case 'looped': {
      const recorded = recording(someone, seed, loopMs);
      return { jpegAt: (atMs) => encoded(exposed(place(recorded(atMs), jitter(seed, atMs, 0.5)), { gain: 0.95 + 0.1 * hashed(seed + 9, atMs), noise: 2, seed: at(atMs) }), 60 + Math.floor(30 * hashed(seed + 8, atMs))) };
    }
    case 'replayed': {
      const recorded = recording(someone, seed, loopMs);
      return { jpegAt: (atMs) => encoded(recorded(atMs), 85) };
    }
    case 'empty':
      return shown(() => emptyRoom);
  }
}

/** Some seconds of somebody who talks, from the begin again at their end. */
function recording(someone: Person, seed: number, loopMs: number): View {
  const view = genuineView(someone, 'talking', seed);
  return (atMs) => view(Math.floor(((atMs % loopMs) * recordedPerSecond) / 1_000) * (1_000 / recordedPerSecond));
}

/** Where a flat picture is held, before a camera. */
interface Placed {
  /** About the vertical and the horizontal axis, and within the plane, in degrees. */
  readonly turn: number;
  readonly nod: number;
  readonly tilt: number;
  /** By pixels. */
  readonly right: number;
  readonly down: number;
  /** 1: as large as the frame. */
  readonly zoom: number;
}

function moved(seed: number, atMs: number, maxTilt: number): Placed {
  const wander = (nth: number, everyMs: number) => smooth(seed + nth, atMs, everyMs);
  return {
    turn: maxTilt * wander(1, 900),
    nod: 0.7 * maxTilt * wander(2, 1_100),
    tilt: 15 * wander(3, 1_000),
    right: 60 * wander(4, 1_200),
    down: 40 * wander(5, 1_300),
    zoom: 1 + 0.2 * wander(6, 1_500),
  };
}

function jitter(seed: number, atMs: number, size: number): Placed {
  const random = (nth: number) => size * (2 * hashed(seed + nth, atMs) - 1);
  return { turn: 0, nod: 0, tilt: 6 * random(1), right: 20 * random(2), down: 15 * random(3), zoom: 1 + 0.08 * random(4) };
}

/** A camera's usual angle of view: so far away is what is as wide as the frame, in widths. */
const distance = 1.1 * frameWidth;

/** A flat picture before the empty room, in perspective. */
function place(picture: Picture, { turn, nod, tilt, right, down, zoom }: Placed): Picture {
  const [a, b, c] = [turn, nod, tilt].map((degrees) => (degrees * Math.PI) / 180) as [number, number, number];
  // The plane's own axes, as the camera sees them: x to the right, y down, z away.
  const across = rotated([Math.cos(c), Math.sin(c), 0], a, b);
  const along = rotated([-Math.sin(c), Math.cos(c), 0], a, b);
  const origin = [right, down, distance / zoom] as const;
  const normal = [across[1] * along[2] - across[2] * along[1], across[2] * along[0] - across[0] * along[2], across[0] * along[1] - across[1] * along[0]] as const;
  const reach = dot(normal, origin);
  const source = ({ x, y }: Point): Point => {
    const ray = [x - frameWidth / 2, y - frameHeight / 2, distance] as const;
    const far = reach / dot(normal, ray);
    const hit = [ray[0] * far - origin[0], ray[1] * far - origin[1], ray[2] * far - origin[2]] as const;
    return { x: dot(hit, across) + frameWidth / 2, y: dot(hit, along) + frameHeight / 2 };
  };
  const result = mapped(picture, source);
  for (let y = 0, to = 0; y < frameHeight; y += 1) {
    for (let x = 0; x < frameWidth; x += 1, to += 3) {
      const point = source({ x, y });
      if (point.x < 0 || point.y < 0 || point.x > frameWidth - 1 || point.y > frameHeight - 1) copySample(emptyRoom, x, y, result.data, to);
    }
  }
  return result;
}

type Vector = readonly [number, number, number];

/** About the vertical axis, then about the horizontal one. */
function rotated([x, y, z]: Vector, turn: number, nod: number): Vector {
  const [turnedX, turnedZ] = [x * Math.cos(turn) + z * Math.sin(turn), z * Math.cos(turn) - x * Math.sin(turn)];
  return [turnedX, y * Math.cos(nod) - turnedZ * Math.sin(nod), y * Math.sin(nod) + turnedZ * Math.cos(nod)];
}

function dot(one: Vector, other: Vector): number {
  return one[0] * other[0] + one[1] * other[1] + one[2] * other[2];
}
