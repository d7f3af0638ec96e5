import { readFileSync } from 'node:fs';
import { framed, photograph, type Picture, type Point, type Rectangle } from './picture.ts';

interface Entry {
  readonly photograph: number;
  /** x, y, width and height of the frame, in pixels of the photograph. */
  readonly part: readonly [number, number, number, number];
  /** x and y of each, in pixels of the frame. */
  readonly landmarks: readonly number[];
}

const table = JSON.parse(readFileSync(new URL('./people.json', import.meta.url), 'utf8')) as readonly Entry[];

/** Somebody on one of face-api's photographs, as a camera in front of him would show him. */
export interface Person {
  readonly photograph: number;
  readonly frame: Picture;
  /** The 68 points of iBUG 300-W, in pixels of the frame. */
  readonly landmarks: readonly Point[];
}

/** Numbers of people, by photograph: on those for choosing, thresholds were chosen; those for measuring are only measured. */
export const people = {
  forChoosing: numbersOn([1, 3, 5]),
  forMeasuring: numbersOn([4, 6]),
} as const;

/** The room of the second photograph, without anybody's face. */
const room: Rectangle = { x: 0, y: 880, width: 640, height: 480 };

export function person(number: number): Person {
  const entry = table[number];
  if (entry === undefined) throw new RangeError(`there is no person ${number}`);
  const [x, y, width, height] = entry.part;
  const landmarks = Array.from({ length: 68 }, (_, nth) => ({ x: entry.landmarks[2 * nth]!, y: entry.landmarks[2 * nth + 1]! }));
  return { photograph: entry.photograph, frame: framed(photograph(entry.photograph), { x, y, width, height }), landmarks };
}

export const emptyRoom: Picture = framed(photograph(2), room);

function numbersOn(photographs: readonly number[]): number[] {
  return table.flatMap((entry, number) => (photographs.includes(entry.photograph) ? [number] : []));
}
