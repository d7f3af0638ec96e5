import { expect, test } from '@jest/globals';
import { OpenStreams } from './open-streams.ts';

const key = (callId: string, accountId = 'acme') => ({ accountId, callId, party: 'caller' });
const codeOf = (code: string) => expect.objectContaining({ code });

test('as many as it can analyse, of one account fewer; what was closed makes room', () => {
  const streams = new OpenStreams({ maxStreams: 3, maxStreamsPerAccount: 2 });
  const first = streams.open(key('1'));
  streams.open(key('2'));
  expect(() => streams.open(key('3'))).toThrow(codeOf('observation.account_streams'));
  streams.open(key('3', 'other'));
  expect(() => streams.open(key('4', 'third'))).toThrow(codeOf('observation.no_capacity'));
  first.close();
  first.close();
  streams.open(key('4', 'third'));
  expect(streams.count).toBe(3);
});

test('a newer stream takes the place of the older, also where there is no other', () => {
  const streams = new OpenStreams({ maxStreams: 1, maxStreamsPerAccount: 1 });
  const older = streams.open(key('1'));
  const newer = streams.open(key('1'));
  expect(older.replaced.reason).toEqual(codeOf('observation.replaced'));
  older.close();
  expect([streams.count, newer.replaced.aborted]).toEqual([1, false]);
  newer.close();
  expect(streams.count).toBe(0);
});

test("another account's stream for the same call ends none", () => {
  const streams = new OpenStreams({ maxStreams: 2, maxStreamsPerAccount: 1 });
  const own = streams.open(key('1'));
  streams.open(key('1', 'mallory'));
  expect(own.replaced.aborted).toBe(false);
});
