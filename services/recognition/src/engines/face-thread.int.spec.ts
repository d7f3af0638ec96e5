import { afterAll, describe, expect, test } from '@jest/globals';
import { encode } from '../test-support/sample-pictures.ts';
import { FaceThread } from './face-thread.ts';

const thread = new FaceThread();
afterAll(() => thread.close());
const picture = encode(32, 32, () => 100);

describe('a face thread', () => {
  test('that hangs is ended, and the next picture gets a new one', async () => {
    await thread.start();
    await expect(thread.analyse(picture, 'call', 0)).rejects.toThrow('took longer than 0 ms');
    expect(await thread.analyse(picture, 'call')).toMatchObject({ type: 'measured', measurement: { faces: 0, shape: [] } });
  });
});
