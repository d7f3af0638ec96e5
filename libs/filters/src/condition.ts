import type { AttributeValues, EventFilter, FilterExpression } from './event-filter.ts';

/** How the value of an attribute is compared. */
export type Match = 'exact' | 'prefix' | 'suffix';

/** An attribute has one of the values, or begins or ends with one; or, negated, does not, also when it is absent. */
export interface Test {
  readonly kind: 'test';
  readonly attribute: string;
  readonly match: Match;
  readonly isNegated: boolean;
  /** Sorted, each once. */
  readonly values: readonly string[];
}

/**
 * What a filter means: lists and dialects are one thing here, and the same for each way of writing it that differs in
 * order, repetition, nesting or double negation. Negation is part of the tests; `all` of nothing holds, `any` of nothing does not.
 */
export type Condition = Test | { readonly kind: 'all' | 'any'; readonly of: readonly Condition[] };

/** @throws TypeError for what is no filter: give it checked ones only. */
export function conditionOf(filter: EventFilter): Condition {
  return group('all', [
    ...anyOf(filter.types, (type) => (type.endsWith('.*') ? test('type', 'prefix', type.slice(0, -1)) : test('type', 'exact', type))),
    ...anyOf(filter.callIds, (id) => test('subject', 'exact', id)),
    ...anyOf(filter.from, (address) => test('callfrom', 'exact', address)),
    ...anyOf(filter.to, (address) => test('callto', 'exact', address)),
    ...anyOf(filter.directions, (direction) => test('calldirection', 'exact', direction)),
    ...filter.filters.map((expression) => expressed(expression, false)),
  ]);
}

/**
 * The same text for filters that mean the same, as far as that can be seen without solving them: for digests, and to
 * tell whether a cursor was made for this filter.
 */
export function canonicalFilter(filter: EventFilter): string {
  return textOf(conditionOf(filter));
}

function anyOf(values: readonly string[], testFor: (value: string) => Test): readonly Condition[] {
  return values.length === 0 ? [] : [group('any', values.map(testFor))];
}

function test(attribute: string, match: Match, value: string, isNegated = false): Test {
  return { kind: 'test', attribute, match, isNegated, values: [value] };
}

function expressed(expression: FilterExpression, isNegated: boolean): Condition {
  if ('exact' in expression) return tests('exact', expression.exact, isNegated);
  if ('prefix' in expression) return tests('prefix', expression.prefix, isNegated);
  if ('suffix' in expression) return tests('suffix', expression.suffix, isNegated);
  if ('not' in expression) return expressed(expression.not, !isNegated);
  const kind = 'all' in expression ? 'all' : 'any';
  const inner = 'all' in expression ? expression.all : expression.any;
  return junction(kind, inner.map((one) => expressed(one, isNegated)), isNegated);
}

function tests(match: Match, values: AttributeValues, isNegated: boolean): Condition {
  return junction('all', Object.entries(values).map(([attribute, value]) => test(attribute, match, value, isNegated)), isNegated);
}

/** De Morgan: what is put together is negated already. */
function junction(kind: 'all' | 'any', of: readonly Condition[], isNegated: boolean): Condition {
  return group((kind === 'all') === isNegated ? 'any' : 'all', of);
}

function group(kind: 'all' | 'any', given: readonly Condition[]): Condition {
  const flat = given.flatMap((one) => (one.kind === kind ? one.of : [one]));
  const byText = new Map(merged(kind, flat).map((one) => [textOf(one), one]));
  const of = [...byText.keys()].sort().map((text) => byText.get(text)!);
  return of.length === 1 ? of[0]! : { kind, of };
}

/** Tests of one attribute that differ in the value alone are one test: any of A and B, or neither A nor B. */
function merged(kind: 'all' | 'any', conditions: readonly Condition[]): readonly Condition[] {
  const others: Condition[] = [];
  const mergeable = new Map<string, Test>();
  for (const one of conditions) {
    if (one.kind !== 'test' || one.isNegated !== (kind === 'all')) {
      others.push(one);
      continue;
    }
    const key = `${one.match} ${one.attribute}`;
    const values = new Set([...(mergeable.get(key)?.values ?? []), ...one.values]);
    mergeable.set(key, { ...one, values: [...values].sort() });
  }
  return [...others, ...mergeable.values()];
}

/** Tells conditions apart: two of the same text are the same. */
export function textOf(condition: Condition): string {
  if (condition.kind !== 'test') return `${condition.kind}(${condition.of.map(textOf).join(' ')})`;
  const { isNegated, match, attribute, values } = condition;
  return `${isNegated ? 'not-' : ''}${match}(${attribute} ${values.map((value) => JSON.stringify(value)).join(' ')})`;
}
