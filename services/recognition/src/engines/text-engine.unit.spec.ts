import { describe, expect, test } from '@jest/globals';
import { createTextEngine } from './text-engine.ts';

const engine = createTextEngine();

describe('the text engine', () => {
  test.each(['hello', ' x ', '?', 'ほんと', '👍'])('%j is a reaction', async (text) => {
    expect(await engine.measure(text, 0)).toMatchObject({ channel: 'text', readable: true });
  });

  test.each(['', '   ', '\n\t', '\u200b\u0000', '\u00a0'])('%j is none', async (text) => {
    expect(await engine.measure(text, 0)).toMatchObject({ channel: 'text', readable: false });
  });

  test('its length counts in bytes', () => {
    expect(() => engine.check('a'.repeat(4096))).not.toThrow();
    expect(() => engine.check('ほ'.repeat(1366))).toThrow(expect.objectContaining({ code: 'observation.text_too_large' }));
  });
});
