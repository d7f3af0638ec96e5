import { parleyError } from '@parley/errors';

export interface JpegLimits {
  readonly maxBytes: number;
  /** Of width and height each. */
  readonly maxSidePixels: number;
}

export interface JpegHeader {
  readonly width: number;
  readonly height: number;
}

const SOI = 0xd8;
const EOI = 0xd9;
const SOS = 0xda;
/** Baseline, extended and progressive Huffman coding: what the decoder reads. */
const DECODABLE_FRAMES = new Set([0xc0, 0xc1, 0xc2]);
const FRAMES = new Set([0xc0, 0xc1, 0xc2, 0xc3, 0xc5, 0xc6, 0xc7, 0xc9, 0xca, 0xcb, 0xcd, 0xce, 0xcf]);
/** A progressive picture has about ten scans. Each takes a pass over the whole picture, however few bytes it has. */
const MAX_SCANS = 32;

/**
 * Walks over the structure of a JPEG file (ITU-T T.81 annex B) without decoding anything, so that what would be too
 * large or never end is refused before it takes memory or time.
 * @throws ParleyError observation.image_too_large, observation.not_an_image
 */
export function inspectJpeg(file: Uint8Array, { maxBytes, maxSidePixels }: JpegLimits): JpegHeader {
  if (file.length > maxBytes) throw parleyError('observation.image_too_large', `${file.length} bytes; at most ${maxBytes}`);
  if (file[0] !== 0xff || file[1] !== SOI) throw notAnImage('it does not begin like a JPEG file');
  let header: JpegHeader | undefined;
  let scans = 0;
  for (let at = 2; ; ) {
    const { marker, bodyAt } = nextMarker(file, at);
    if (marker === EOI) break;
    const endAt = bodyAt + segmentLength(file, bodyAt);
    if (FRAMES.has(marker)) {
      if (header) throw notAnImage('it has two pictures');
      header = frameHeader(file.subarray(bodyAt, endAt), marker);
      if (Math.max(header.width, header.height) > maxSidePixels) {
        throw parleyError('observation.image_too_large', `${header.width}x${header.height} pixels; at most ${maxSidePixels} on each side`);
      }
    }
    scans += marker === SOS ? 1 : 0;
    if (scans > MAX_SCANS) throw notAnImage(`it has more than ${MAX_SCANS} scans`);
    at = marker === SOS ? endOfScan(file, endAt) : endAt;
  }
  if (!header || scans === 0) throw notAnImage('it holds no picture');
  return header;
}

function nextMarker(file: Uint8Array, from: number): { marker: number; bodyAt: number } {
  if (file[from] !== 0xff) throw notAnImage(from < file.length ? 'its structure is broken' : 'it ends too early');
  let at = from;
  // Any number of fill bytes may precede a marker.
  while (file[at] === 0xff) at += 1;
  const marker = file[at];
  if (marker === undefined) throw notAnImage('it ends too early');
  return { marker, bodyAt: at + 1 };
}

function segmentLength(file: Uint8Array, at: number): number {
  const length = ((file[at] ?? 0) << 8) | (file[at + 1] ?? 0);
  if (length < 2 || at + length > file.length) throw notAnImage('it ends too early');
  return length;
}

function frameHeader(segment: Uint8Array, marker: number): JpegHeader {
  if (!DECODABLE_FRAMES.has(marker)) throw notAnImage('it is coded in a way that is not supported');
  const [, , precision = 0, ...size] = segment.subarray(0, 7);
  const [heightHigh = 0, heightLow = 0, widthHigh = 0, widthLow = 0] = size;
  const [height, width] = [(heightHigh << 8) | heightLow, (widthHigh << 8) | widthLow];
  if (precision !== 8 || width === 0 || height === 0) throw notAnImage('it has no size, or not 8 bits a sample');
  return { width, height };
}

/** Coded data go on until a marker: in them FF is followed by 00 or by a restart marker. */
function endOfScan(file: Uint8Array, from: number): number {
  for (let at = file.indexOf(0xff, from); at !== -1; at = file.indexOf(0xff, at + 2)) {
    const next = file[at + 1] ?? 0;
    if (next === 0xff) at -= 1;
    else if (next !== 0 && (next < 0xd0 || next > 0xd7)) return at;
  }
  throw notAnImage('it ends too early');
}

function notAnImage(why: string): Error {
  return parleyError('observation.not_an_image', `not a JPEG picture: ${why}`);
}
