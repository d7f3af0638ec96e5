import { expect, test } from '@jest/globals';
import fc from 'fast-check';
import { excerptOf } from './excerpt.ts';

test.each([
  ['thank you\n', 'thank you.'],
  ['hällo “ÿ”', 'hällo “ÿ”'],
  ['a\u0000b\u001b[31m', 'a.b.[31m'],
  ['', ''],
  [`${'x'.repeat(255)}ÿ`, 'x'.repeat(255)],
])('%j is shown as %j', (body, expected) => {
  expect(excerptOf(Buffer.from(body))).toBe(expected);
});

test('whatever comes, it can be printed and has at most 256 bytes', () => {
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 400 }), (bytes) => {
      const excerpt = excerptOf(Buffer.from(bytes));
      expect(excerpt).not.toMatch(/[\p{C}\uFFFD]/u);
      expect(Buffer.byteLength(excerpt)).toBeLessThanOrEqual(256);
    }),
  );
});
