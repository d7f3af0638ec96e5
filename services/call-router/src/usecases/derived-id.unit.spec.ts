import { expect, test } from '@jest/globals';
import { checkRequestId } from './derived-id.ts';

test('a request id is what a header of an event can carry', () => {
  for (const requestId of ['r', 'A-Za-z0-9_.:/~!', 'x'.repeat(128)]) expect(() => checkRequestId(requestId)).not.toThrow();
  const refused = ['', 'x'.repeat(129), 'a b', 'a\nb', 'a\r\nce-id: 1', 'a\n', 'a\u0000', 'a\u007f', 'é', '☎'];
  for (const requestId of refused) {
    expect(() => checkRequestId(requestId)).toThrow(expect.objectContaining({ code: 'request.invalid_argument' }));
  }
});
