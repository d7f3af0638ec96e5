import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { isParleyError } from '@parley/errors';
import { jsonFaultAt } from './json-fault.ts';
import { parseFilterJson } from './parse-filter-json.ts';

function fault(text: string): string {
  try {
    parseFilterJson(text, 'filters');
  } catch (error) {
    if (isParleyError(error, 'subscription.invalid_filter')) return error.message;
    throw error;
  }
  return 'none';
}

describe('parseFilterJson', () => {
  test('reads a list', () => {
    expect(parseFilterJson(' [{"prefix":{"callfrom":"+49"}}] ', 'filters')).toEqual([{ prefix: { callfrom: '+49' } }]);
  });

  test.each([
    ['', 'filters is no JSON, at position 0'],
    ['[', 'filters is no JSON, at position 1'],
    ['[{"exact":{"subject":0049123}}]', 'filters is no JSON, at position 22'],
    ['[{"exact" {}}]', 'filters is no JSON, at position 10'],
    ['[] []', 'filters is no JSON, at position 3'],
    ['[1,]', 'filters is no JSON, at position 3'],
    ['{}', 'filters is no list of filters'],
    ['"[]"', 'filters is no list of filters'],
    [`["${'a'.repeat(40_000)}"]`, 'filters is longer than 32768 characters'],
  ])('%s: %s', (text, message) => {
    expect(fault(text)).toBe(message);
  });

  test('takes and refuses what JSON.parse does, however it is broken', () => {
    fc.assert(
      fc.property(fc.json(), fc.nat(), fc.oneof(fc.constantFrom('', '"', '{', '}', '[', ']', ',', ':', '0', '-', '\\', 'true', ' '), fc.string()), (json, where, put) => {
        const position = where % (json.length + 1);
        const text = json.slice(0, position) + put + json.slice(position + 1);
        const at = jsonFaultAt(text);
        const isJson = ((): boolean => {
          try {
            JSON.parse(text);
            return true;
          } catch {
            return false;
          }
        })();
        // Of JSON nothing is at fault before its end.
        if (isJson) expect(at).toBe(text.length);
        else expect(at).toBeLessThanOrEqual(text.length);
        // What stands before the fault can be gone on with: no JSON, but not for a token of its own.
        if (!isJson) expect(jsonFaultAt(text.slice(0, at))).toBe(at);
      }),
      { numRuns: 5_000 },
    );
  });
});
