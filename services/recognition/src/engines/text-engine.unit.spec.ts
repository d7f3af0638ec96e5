import { describe, expect, test } from '@jest/globals';
import { createTextEngine } from './text-engine.ts';

const engine = createTextEngine('CA1');
const measure = (text: string, callId = 'CA1') => createTextEngine(callId).measure({ kind: 'message', text }, 0);

describe('the text engine', () => {
  test.each(['hello', ' x ', '?', 'ほんと', '👍'])('%j can be read', async (text) => {
    expect(await measure(text)).toMatchObject({ channel: 'text', kind: 'message', readable: true });
  });

  test.each(['', '   ', '\n\t', '\u200b\u0000', '\u00a0'])('%j cannot', async (text) => {
    expect(await measure(text)).toMatchObject({ channel: 'text', kind: 'message', readable: false });
  });

  test('texts that differ in white space, invisible characters, case and form only have one digest', async () => {
    const { digest } = await measure('How are you, Zoë?');
    for (const same of ['how are you, zoë?', '  How  are\nyou, Zoë?', 'How\u200b are you, Zoë?', 'How are you, Zoe\u0308?']) {
      expect((await measure(same)).digest).toBe(digest);
    }
    for (const another of ['How are you, Zoe?', 'How are you, Zoë', 'Zoë, how are you?']) expect((await measure(another)).digest).not.toBe(digest);
  });

  test('a digest tells nothing outside of its call, and is too short to tell which text it was', async () => {
    const { digest } = await measure('hello');
    expect((await measure('hello', 'CA2')).digest).not.toBe(digest);
    expect(digest).toMatch(/^[0-9a-f]{8}$/);
  });

  test('typing is typing', async () => {
    expect(await engine.measure({ kind: 'typing' }, 0)).toEqual({ channel: 'text', kind: 'typing', readable: false, digest: '' });
    expect(() => engine.check({ kind: 'typing' })).not.toThrow();
  });

  test('its length counts in bytes', () => {
    expect(() => engine.check({ kind: 'message', text: 'a'.repeat(4096) })).not.toThrow();
    for (const text of ['ほ'.repeat(1366), 'a'.repeat(1_000_000)]) {
      expect(() => engine.check({ kind: 'message', text })).toThrow(expect.objectContaining({ code: 'observation.text_too_large' }));
    }
  });
});
