import type { FieldViolation } from '@parley/errors';
import type { FilterExpression } from './event-filter.ts';

/** How deep dialects may be nested in each other: `{"not": {"exact": …}}` is 2. */
export const maxFilterDepth = 8;
/** Of one value, in UTF-16 units; no attribute that is worth filtering on is longer. */
const maxValueLength = 256;
const maxNameLength = 64;

/** What an expression may name. */
export interface ExpressionVocabulary {
  readonly attributes: ReadonlySet<string>;
  readonly isType: (type: string) => boolean;
  /** Of attributes that have no other values; own properties only. */
  readonly values: Readonly<Record<string, readonly string[]>>;
}

type Dialect = 'exact' | 'prefix' | 'suffix' | 'all' | 'any' | 'not';
/** The dialects that compare values. */
type Comparison = 'exact' | 'prefix' | 'suffix';
type Check = (value: unknown, path: string, depth: number) => readonly FieldViolation[];

const holds: Readonly<Record<Comparison, (value: string, text: string) => boolean>> = {
  exact: (value, text) => value === text,
  prefix: (value, text) => value.startsWith(text),
  suffix: (value, text) => value.endsWith(text),
};

/**
 * How many values a list of expressions has; each list in it counts as one, too.
 * @param limit counting ends beyond it, so that what was made to be large costs nothing.
 */
export function expressionSize(expressions: readonly unknown[], limit: number): number {
  const waiting: unknown[] = expressions.slice(0, limit + 1);
  let size = 0;
  while (waiting.length > 0 && size <= limit) {
    const next = waiting.pop();
    const inner: readonly unknown[] = isObject(next) ? Object.values(next) : [];
    // A map or a negation is as large as what it holds.
    if (inner.length === 0 || Array.isArray(next)) size += 1;
    // Each of them counts as one at least.
    if (size + inner.length > limit) return limit + 1;
    waiting.push(...inner);
  }
  return size;
}

/** Every fault of a list of expressions, by its path. */
export function expressionFaults(expressions: readonly unknown[], path: string, { attributes, isType, values: knownValues }: ExpressionVocabulary): readonly FieldViolation[] {
  const oneOfList: Check = (value, path, depth) => {
    if (!Array.isArray(value)) return fault(path, 'is no list');
    if (value.length === 0) return fault(path, 'is empty');
    return value.flatMap((one: unknown, index) => oneExpression(one, `${path}[${index}]`, depth + 1));
  };
  const values =
    (dialect: Comparison): Check =>
    (value, path) => {
      if (!isObject(value) || Array.isArray(value)) return fault(path, 'is no map of attributes to values');
      const entries = Object.entries(value);
      if (entries.length === 0) return fault(path, 'is empty');
      return entries.flatMap(([name, text]) => valueFaults(dialect, name, text, `${path}.${printable(name)}`));
    };
  const checks: Readonly<Record<Dialect, Check>> = {
    exact: values('exact'),
    prefix: values('prefix'),
    suffix: values('suffix'),
    all: oneOfList,
    any: oneOfList,
    not: (value, path, depth) => oneExpression(value, path, depth + 1),
  };
  function oneExpression(value: unknown, path: string, depth: number): readonly FieldViolation[] {
    if (depth > maxFilterDepth) return fault(path, `is nested more than ${maxFilterDepth} deep`);
    const [dialect, ...more] = isObject(value) ? Object.keys(value) : [];
    if (dialect === undefined || more.length > 0 || !Object.hasOwn(checks, dialect)) {
      return fault(path, `is no filter: it needs exactly one of ${Object.keys(checks).join(', ')}`);
    }
    return checks[dialect as Dialect]((value as Record<string, unknown>)[dialect], `${path}.${dialect}`, depth);
  }
  function valueFaults(dialect: Comparison, name: string, text: unknown, path: string): readonly FieldViolation[] {
    if (!attributes.has(name)) return fault(path, 'is no attribute that can be filtered on');
    if (typeof text !== 'string') return fault(path, 'is no text');
    if (text === '') return fault(path, 'is empty');
    if (text.length > maxValueLength) return fault(path, `is longer than ${maxValueLength} characters`);
    // What is misspelt would never match.
    if (dialect === 'exact' && name === 'type' && !isType(text)) return fault(path, 'is no type of the catalogue');
    const known = Object.hasOwn(knownValues, name) ? knownValues[name]! : undefined;
    if (known !== undefined && !known.some((value) => holds[dialect](value, text))) return fault(path, `holds for none of the attribute's values: ${known.join(', ')}`);
    return [];
  }
  return expressions.flatMap((one, index) => oneExpression(one, `${path}[${index}]`, 1));
}

/** One that has no fault, without what else its object may carry. */
export function toExpression(checked: unknown): FilterExpression {
  const expression = checked as FilterExpression;
  if ('exact' in expression) return { exact: { ...expression.exact } };
  if ('prefix' in expression) return { prefix: { ...expression.prefix } };
  if ('suffix' in expression) return { suffix: { ...expression.suffix } };
  if ('all' in expression) return { all: expression.all.map(toExpression) };
  if ('any' in expression) return { any: expression.any.map(toExpression) };
  return { not: toExpression(expression.not) };
}

function fault(field: string, description: string): readonly FieldViolation[] {
  return [{ field, description }];
}

function isObject(value: unknown): value is object {
  return typeof value === 'object' && value !== null;
}

function printable(name: string): string {
  return name.slice(0, maxNameLength).replace(/[^\x21-\x7e]/g, '?');
}
