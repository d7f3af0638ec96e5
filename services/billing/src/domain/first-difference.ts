/**
 * Where two values of plain data first differ, in words; undefined if nowhere.
 * @param path of the values within what is compared.
 */
export function firstDifference(found: unknown, expected: unknown, path = ''): string | undefined {
  if (isObject(found) && isObject(expected)) {
    const names = new Set([...Object.keys(expected), ...Object.keys(found)]);
    for (const name of names) {
      const inner = Array.isArray(expected) ? `${path}[${name}]` : `${path}${path === '' ? '' : '.'}${name}`;
      const difference = firstDifference(found[name], expected[name], inner);
      if (difference !== undefined) return difference;
    }
    return undefined;
  }
  return textOf(found) === textOf(expected) ? undefined : `${path} is ${textOf(found)}, and should be ${textOf(expected)}`;
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !(value instanceof Date);
}

function textOf(value: unknown): string {
  if (value === undefined) return 'not there';
  if (typeof value === 'bigint') return value.toString();
  return JSON.stringify(value, (_, inner: unknown) => (typeof inner === 'bigint' ? inner.toString() : inner));
}
