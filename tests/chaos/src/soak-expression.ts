import type { Filter } from '@parley/contracts';

type Attributes = Readonly<Record<string, string>>;

/** A filter in a dialect of the CloudEvents Subscriptions API, as clients write it in JSON. */
export type SoakExpression =
  | { readonly exact: Attributes }
  | { readonly prefix: Attributes }
  | { readonly suffix: Attributes }
  | { readonly all: readonly SoakExpression[] }
  | { readonly any: readonly SoakExpression[] }
  | { readonly not: SoakExpression };

/** The oracle's reading of an expression. @param valueOf an attribute of the event; undefined when it has none */
export function matches(expression: SoakExpression, valueOf: (name: string) => string | undefined): boolean {
  const each = (attributes: Attributes, holds: (value: string, wanted: string) => boolean) =>
    Object.entries(attributes).every(([name, wanted]) => {
      const value = valueOf(name);
      return value !== undefined && holds(value, wanted);
    });
  if ('exact' in expression) return each(expression.exact, (value, wanted) => value === wanted);
  if ('prefix' in expression) return each(expression.prefix, (value, wanted) => value.startsWith(wanted));
  if ('suffix' in expression) return each(expression.suffix, (value, wanted) => value.endsWith(wanted));
  if ('all' in expression) return expression.all.every((one) => matches(one, valueOf));
  if ('any' in expression) return expression.any.some((one) => matches(one, valueOf));
  return !matches(expression.not, valueOf);
}

/** As it goes over gRPC. */
export function toFilterMessage(expression: SoakExpression): Filter {
  if ('exact' in expression) return { dialect: { $case: 'exact', value: { attributes: { ...expression.exact } } } };
  if ('prefix' in expression) return { dialect: { $case: 'prefix', value: { attributes: { ...expression.prefix } } } };
  if ('suffix' in expression) return { dialect: { $case: 'suffix', value: { attributes: { ...expression.suffix } } } };
  if ('all' in expression) return { dialect: { $case: 'all', value: { filters: expression.all.map(toFilterMessage) } } };
  if ('any' in expression) return { dialect: { $case: 'any', value: { filters: expression.any.map(toFilterMessage) } } };
  return { dialect: { $case: 'not', value: toFilterMessage(expression.not) } };
}
