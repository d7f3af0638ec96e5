import { createHmac, timingSafeEqual } from 'node:crypto';
import { parleyError } from '@parley/errors';
import type { Cursor, Positions } from '../domain/cursor.ts';

/** Turns cursors into the opaque text that clients hold, the same for gRPC and SSE, and back. */
export interface CursorCodec {
  encode(cursor: Cursor): string;
  /** @throws ParleyError `cursor.malformed` for everything that was not encoded with this key. */
  decode(text: string): Cursor;
}

/** What is signed: version, account, and (stream, incarnation, sequence) of each stream. */
type Content = readonly [version: 1, accountId: string, positions: readonly (readonly [string, string, number])[]];

const shortestKeyBytes = 32;
// 43 characters of base64url are the 32 bytes of the signature.
const shape = /^([A-Za-z0-9_-]{1,2000})\.([A-Za-z0-9_-]{43})$/;

/**
 * Signed, so that a client cannot make a cursor up and every replica, whatever it has seen, can trust one.
 * @param key at least 32 bytes, the same on every replica.
 */
export function createCursorCodec(key: Uint8Array): CursorCodec {
  if (key.length < shortestKeyBytes) throw parleyError('config.invalid', `the cursor key has ${key.length} bytes, fewer than ${shortestKeyBytes}`);
  const sign = (content: string): Buffer => createHmac('sha256', key).update(content).digest();
  return {
    encode: ({ accountId, positions }) => {
      const entries = Object.entries(positions).map(([stream, { incarnation, sequence }]) => [stream, incarnation, sequence] as const);
      const content = Buffer.from(JSON.stringify([1, accountId, entries] satisfies Content)).toString('base64url');
      return `${content}.${sign(content).toString('base64url')}`;
    },
    decode: (text) => {
      const match = shape.exec(text);
      if (match === null || !timingSafeEqual(sign(match[1]!), Buffer.from(match[2]!, 'base64url'))) {
        throw parleyError('cursor.malformed', 'the cursor is not one that this system made');
      }
      const [, accountId, entries] = JSON.parse(Buffer.from(match[1]!, 'base64url').toString()) as Content;
      const positions: Positions = Object.fromEntries(entries.map(([stream, incarnation, sequence]) => [stream, { incarnation, sequence }]));
      return { accountId, positions };
    },
  };
}
