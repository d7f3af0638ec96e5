import { expect, test } from '@jest/globals';
import type { ConnectResponse } from '@parley/contracts';
import { setTimeout as sleep } from 'node:timers/promises';
import { grpcDevice } from './grpc-device.ts';

const identity = { accountId: 'acme', subject: 'client:alice', scopes: ['device' as const], claims: {} };
const frame = Buffer.alloc(640);

/** A stream that takes one message, and the next when it is let. */
function slowStream() {
  const sent: ConnectResponse[] = [];
  let takeNext = (): void => undefined;
  return {
    sent,
    letAll: async () => {
      for (let left = 2_000; left > 0; left -= 1) {
        takeNext();
        await Promise.resolve();
        await Promise.resolve();
      }
      await sleep(0);
    },
    stream: {
      identity,
      send: (message: ConnectResponse) => {
        sent.push(message);
        return new Promise<void>((resolve) => (takeNext = resolve));
      },
    },
  };
}

test('messages arrive in order, one at a time', async () => {
  const { sent, stream, letAll } = slowStream();
  const device = grpcDevice(stream, () => undefined);
  device.registered('r1');
  device.deliver({ kind: 'leg_ringing', legId: 'CA1' });
  device.draining();
  expect(sent).toHaveLength(1);
  await letAll();
  expect(sent.map(({ message }) => message?.$case)).toEqual(['registered', 'legRinging', 'draining']);
});

test('a device that reads slowly misses frames, and never a message', async () => {
  const { sent, stream, letAll } = slowStream();
  const device = grpcDevice(stream, () => undefined);
  for (let count = 0; count < 100; count += 1) device.play('CA1', frame);
  device.deliver({ kind: 'leg_answered', legId: 'CA1' });
  await letAll();
  const kinds = sent.map(({ message }) => message?.$case);
  expect(kinds.filter((kind) => kind === 'audio').length).toBeLessThan(30);
  expect(kinds.at(-1)).toBe('legAnswered');
});

test('a device that reads nothing is given up', () => {
  const closed: unknown[] = [];
  const device = grpcDevice(slowStream().stream, (error) => closed.push(error));
  for (let count = 0; count < 1_100; count += 1) device.deliver({ kind: 'leg_ringing', legId: 'CA1' });
  expect(closed[0]).toMatchObject({ code: 'device.not_reading' });
});
