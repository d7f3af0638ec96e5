import { z } from 'zod';

/** How a variable's text becomes a value. */
export type ValueType<T> = z.ZodType<T, string>;

/** Any text that is not empty. */
export function text(): ValueType<string> {
  return z.string().min(1);
}

/** Text of a fixed shape; `shape` says it in words. */
export function pattern(regex: RegExp, shape: string): ValueType<string> {
  return z.string().regex(regex, `must be ${shape}`);
}

/** A decimal integer within bounds, both included. */
export function integer({ min = 0, max = Number.MAX_SAFE_INTEGER }: { min?: number; max?: number } = {}): ValueType<number> {
  return z
    .string()
    .regex(/^-?\d+$/, 'must be an integer')
    .transform(Number)
    .pipe(z.number().int().min(min, `must be at least ${min}`).max(max, `must be at most ${max}`));
}

/** A decimal number within bounds, both included. */
export function decimal({ min = 0, max = Number.MAX_VALUE }: { min?: number; max?: number } = {}): ValueType<number> {
  return z
    .string()
    .regex(/^-?\d+(\.\d+)?$/, 'must be a number')
    .transform(Number)
    .pipe(z.number().min(min, `must be at least ${min}`).max(max, `must be at most ${max}`));
}

/** A TCP port; 0 lets the system choose. */
export function port(): ValueType<number> {
  return integer({ min: 0, max: 65_535 });
}

/** `true` or `false`. */
export function flag(): ValueType<boolean> {
  return z
    .string()
    .regex(/^(true|false)$/, 'must be true or false')
    .transform((value) => value === 'true');
}

/** An absolute URL of one of the schemes, e.g. `['http', 'https']`. */
export function url(schemes: readonly string[]): ValueType<string> {
  return z.string().refine((value) => URL.canParse(value) && schemes.includes(new URL(value).protocol.slice(0, -1)), {
    message: `must be a URL of scheme ${schemes.join(' or ')}`,
  });
}

/** Values separated by commas; spaces around them are dropped. Empty text is unset, not an empty list. */
export function list(): ValueType<readonly string[]> {
  return z.string().transform((value) =>
    value
      .split(',')
      .map((part) => part.trim())
      .filter((part) => part !== ''),
  );
}

/** One of some words. */
export function oneOf<const T extends string>(words: readonly [T, ...T[]]): ValueType<T> {
  return z
    .string()
    .refine((value) => (words as readonly string[]).includes(value), `must be one of ${words.join(', ')}`)
    .transform((value) => value as T);
}
