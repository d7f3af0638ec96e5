import { createHash, createHmac, createSecretKey, timingSafeEqual } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { parleyError } from '@parley/errors';
import type { Position, Positions } from './cursor.ts';

/** Where a subscriber of an account goes on. */
export interface Cursor {
  /** By stream name; a stream that is newer than the cursor is not in it. Incarnations are those of `incarnationOf`. */
  readonly positions: Positions;
  /** Of the filter that it was made for. */
  readonly filterHash: string;
}

/** Whom a cursor is made for. */
export interface CursorOwner {
  readonly accountId: string;
  /** Canonical text of the filter. */
  readonly filter: string;
}

/** Turns positions into the opaque text that clients hold, the same on all transports, and back. */
export interface CursorCodec {
  /** The encoder for one subscriber: what never changes of its cursors is computed once. */
  bind(owner: CursorOwner): (positions: Positions) => string;
  /** @throws ParleyError `cursor.malformed` for what was not encoded with this key, `cursor.other_account` */
  decode(text: string, owner: Pick<CursorOwner, 'accountId'>): Cursor;
}

const version = 1;
const hashBytes = 6;
const incarnationBytes = 4;
const macBytes = 16;
const headBytes = 1 + 2 * hashBytes;
const shortestKeyBytes = 32;
const longestText = 512;

/**
 * Signed, so that a client cannot make a cursor up and every replica, whatever it has seen, can trust one.
 * @param key at least 32 bytes, the same on every replica.
 * @param streams names, in an order that never changes; new ones go to the end.
 */
export function createCursorCodec(key: Uint8Array, streams: readonly string[]): CursorCodec {
  if (key.length < shortestKeyBytes) throw parleyError('config.invalid', `the cursor key has ${key.length} bytes, fewer than ${shortestKeyBytes}`);
  const secret = createSecretKey(key);
  const sign = (content: Uint8Array): Buffer => createHmac('sha256', secret).update(content).digest().subarray(0, macBytes);

  return {
    bind: ({ accountId, filter }) => {
      const head = Buffer.concat([Buffer.of(version), hash(accountId, hashBytes), hash(filter, hashBytes)]);
      return (positions) => {
        const content = Buffer.concat([head, ...streams.flatMap((stream) => encodePosition(positions[stream]))]);
        return Buffer.concat([content, sign(content)]).toString('base64url');
      };
    },
    decode: (text, { accountId }) => {
      const bytes = text.length > longestText || !/^[A-Za-z0-9_-]+$/.test(text) ? Buffer.alloc(0) : Buffer.from(text, 'base64url');
      const content = bytes.subarray(0, Math.max(0, bytes.length - macBytes));
      // What has been signed here has the right shape, so nothing more needs to be checked.
      if (content.length < headBytes || !timingSafeEqual(sign(content), bytes.subarray(content.length)) || content[0] !== version) {
        throw parleyError('cursor.malformed', 'the cursor is not one that this system made');
      }
      if (!content.subarray(1, 1 + hashBytes).equals(hash(accountId, hashBytes))) {
        throw parleyError('cursor.other_account', 'the cursor belongs to another account');
      }
      return { filterHash: content.toString('hex', 1 + hashBytes, headBytes), positions: decodePositions(content.subarray(headBytes), streams) };
    },
  };
}

/** The codec with a key of a file, as base64url. @throws ParleyError `config.invalid`, and what reading the file throws */
export async function readCursorCodec(keyFile: string, streams: readonly string[]): Promise<CursorCodec> {
  return createCursorCodec(Buffer.from((await readFile(keyFile, 'utf8')).trim(), 'base64url'), streams);
}

/** @throws ParleyError `cursor.other_filter` */
export function assertSameFilter({ filterHash }: Pick<Cursor, 'filterHash'>, filter: string): void {
  if (hash(filter, hashBytes).toString('hex') !== filterHash) {
    throw parleyError('cursor.other_filter', 'the cursor was made for another filter: with this one it might skip events');
  }
}

/** The short form of a stream's creation time in which cursors, and all that is compared with them, carry it. */
export function incarnationOf(created: string): string {
  return hash(created, incarnationBytes).toString('hex');
}

function hash(text: string, bytes: number): Buffer {
  return createHash('sha256').update(text).digest().subarray(0, bytes);
}

function encodePosition({ incarnation, sequence }: Position = { incarnation: '00'.repeat(incarnationBytes), sequence: 0 }): Buffer[] {
  return [Buffer.from(incarnation, 'hex'), encodeVarint(sequence)];
}

function encodeVarint(value: number): Buffer {
  const bytes: number[] = [];
  let rest = value;
  for (; rest >= 0x80; rest = Math.floor(rest / 0x80)) bytes.push((rest % 0x80) + 0x80);
  return Buffer.from([...bytes, rest]);
}

function decodePositions(content: Buffer, streams: readonly string[]): Positions {
  const positions: Record<string, Position> = {};
  let at = 0;
  for (const stream of streams) {
    // A cursor from before this stream was there ends earlier.
    if (at >= content.length) break;
    const incarnation = content.toString('hex', at, (at += incarnationBytes));
    let sequence = 0;
    for (let factor = 1, byte = 0x80; byte >= 0x80; factor *= 0x80) {
      byte = content[at++]!;
      sequence += (byte % 0x80) * factor;
    }
    positions[stream] = { incarnation, sequence };
  }
  return positions;
}
