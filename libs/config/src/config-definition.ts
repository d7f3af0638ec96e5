import { parleyError } from '@parley/errors';
import type { ValueType } from './value-types.ts';

/** One environment variable. Durations end in `_MS`, sizes in `_BYTES`. */
export interface Variable {
  readonly type: ValueType<unknown>;
  /** What it is, for the README. */
  readonly describe: string;
  /** As it would stand in the environment; goes through `type` like any other. */
  readonly default?: string;
  /** Unset is allowed and gives undefined. */
  readonly optional?: true;
  /** Its value never shows in a fault. */
  readonly secret?: true;
}

export type Variables = Readonly<Record<string, Variable>>;

type CamelCase<S extends string> = S extends `${infer Head}_${infer Tail}`
  ? `${Lowercase<Head>}${Capitalize<CamelCase<Tail>>}`
  : Lowercase<S>;

type ValueOf<V extends Variable> = V extends { type: ValueType<infer T> } ? (V extends { optional: true } ? T | undefined : T) : never;

type ConfigFrom<V extends Variables> = { readonly [K in keyof V & string as CamelCase<K>]: ValueOf<V[K]> };

/** Looks at several variables together; a fault is a sentence that names them. */
export type Rule = (env: Readonly<Record<string, string | undefined>>) => string | undefined;

export interface ConfigDefinition<V extends Variables> {
  readonly variables: V;
  /**
   * Reads the environment; names become camelCase (`NATS_URL` is `natsUrl`). An empty value counts as unset.
   * @throws ParleyError config.invalid with every fault at once.
   */
  read(env: Readonly<Record<string, string | undefined>>): ConfigFrom<V>;
}

/** The typed, frozen result of a definition. */
export type ConfigOf<D> = D extends ConfigDefinition<infer V> ? ConfigFrom<V> : never;

/** Declares what a process reads from its environment. */
export function defineConfig<const V extends Variables>(variables: V, rules: readonly Rule[] = []): ConfigDefinition<V> {
  return {
    variables,
    read(env) {
      const faults: string[] = [];
      const values: Record<string, unknown> = {};
      for (const [name, variable] of Object.entries(variables)) {
        values[camelCase(name)] = readVariable(name, variable, env, faults);
      }
      faults.push(...rules.map((rule) => rule(env)).filter((fault) => fault !== undefined));
      if (faults.length > 0) {
        throw parleyError('config.invalid', `configuration has ${faults.length} fault(s):\n  ${faults.join('\n  ')}`, { details: { faults } });
      }
      return Object.freeze(values) as ConfigFrom<V>;
    },
  };
}

function readVariable(name: string, variable: Variable, env: Readonly<Record<string, string | undefined>>, faults: string[]): unknown {
  const given = env[name];
  const raw = given === undefined || given === '' ? variable.default : given;
  if (raw === undefined) {
    if (variable.optional !== true) {
      faults.push(`${name} is not set: ${variable.describe}`);
    }
    return undefined;
  }
  const result = variable.type.safeParse(raw);
  if (result.success) {
    return result.data;
  }
  const shown = variable.secret === true ? 'its value' : JSON.stringify(raw);
  faults.push(`${name}: ${shown} ${result.error.issues.map((issue) => issue.message).join(', ')}`);
  return undefined;
}

function camelCase(name: string): string {
  return name.toLowerCase().replace(/_([a-z0-9])/g, (_, letter: string) => letter.toUpperCase());
}

/** A rule: exactly one of the variables is set. */
export function exactlyOne(...names: readonly string[]): Rule {
  return (env) => {
    const set = names.filter((name) => (env[name] ?? '') !== '');
    return set.length === 1 ? undefined : `exactly one of ${names.join(', ')} has to be set, ${set.length} are`;
  };
}
