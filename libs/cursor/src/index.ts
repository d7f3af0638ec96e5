export { assertKept, type Position, type Positions, type StreamState, type StreamStates } from './cursor.ts';
export { assertSameFilter, createCursorCodec, incarnationOf, readCursorCodec, type Cursor, type CursorCodec } from './cursor-codec.ts';
