import { expect, test } from '@jest/globals';
import { JetStreamApiCodes, JetStreamApiError } from '@nats-io/jetstream';
import { TimeoutError } from '@nats-io/nats-core';
import { parleyError } from '@parley/errors';
import { brokerErrors } from './broker-errors.ts';

const ofApi = (code: number, status: number) => new JetStreamApiError({ code: status, err_code: code, description: 'as the server says it' });
const failing = (error: unknown) =>
  brokerErrors(async () => {
    throw error;
  });

test.each([
  ['no answer', new TimeoutError()],
  // As the client names it; the package does not export the class.
  ['JetStream that has not started yet', Object.assign(new Error('jetstream is not enabled'), { name: 'JetStreamNotEnabled' })],
  ['a stream without a leader', ofApi(10_008, 503)],
  ['a stream that is not declared yet', ofApi(JetStreamApiCodes.StreamNotFound, 404)],
])('%s is a broker that is away, with the cause', async (_, cause) => {
  await expect(failing(cause)).rejects.toMatchObject({ code: 'bus.unavailable', cause });
});

test.each([
  ['an error of the table', parleyError('cursor.too_old', 'gone')],
  ['another answer of the server', ofApi(JetStreamApiCodes.ConsumerNotFound, 404)],
  ['a bug', new TypeError('undefined is not a function')],
])('%s stays what it is', async (_, error) => {
  await expect(failing(error)).rejects.toBe(error);
});

test('what comes of the work is returned', async () => {
  expect(await brokerErrors(async () => 7)).toBe(7);
});
