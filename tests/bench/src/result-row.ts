/** What the ratio of value to baseline has to be. */
export type Goal = { readonly atLeast: number } | { readonly atMost: number };

/** One measured number, next to what the same run measured for its baseline. */
export interface ResultRow {
  readonly name: string;
  /** The median of the repetitions. */
  readonly value: number;
  readonly unit: string;
  /** In the same unit; null for a number that has nothing to be held against. */
  readonly baseline: number | null;
  /** Value by baseline. */
  readonly ratio: number | null;
  /** In words, e.g. `ratio at least 0.6`; empty where there is none. */
  readonly goal: string;
  /** Whether the goal is met; null where there is none. */
  readonly holds: boolean | null;
}

export interface Measured {
  readonly name: string;
  readonly unit: string;
  /** One for each repetition. */
  readonly values: readonly number[];
  /** Of the baseline, in the same unit. */
  readonly baselines?: readonly number[];
  /** Of value by baseline; without a baseline, of the value. */
  readonly goal?: Goal;
}

export function resultRow({ name, unit, values, baselines, goal }: Measured): ResultRow {
  const value = median(values);
  const baseline = baselines === undefined ? null : median(baselines);
  const ratio = baseline === null ? null : value / baseline;
  const judged = ratio ?? value;
  return {
    name,
    value,
    unit,
    baseline,
    ratio,
    goal: goal === undefined ? '' : inWords(goal, ratio === null ? 'value' : 'ratio'),
    holds: goal === undefined ? null : 'atLeast' in goal ? judged >= goal.atLeast : judged <= goal.atMost,
  };
}

/** @throws RangeError for none. */
export function median(values: readonly number[]): number {
  if (values.length === 0) throw new RangeError('there is no median of nothing');
  const sorted = values.toSorted((one, other) => one - other);
  const middle = Math.floor(sorted.length / 2);
  return sorted.length % 2 === 1 ? sorted[middle]! : (sorted[middle - 1]! + sorted[middle]!) / 2;
}

/** The value that a share (0..1) of the values does not exceed (nearest rank). @throws RangeError for none. */
export function percentile(values: readonly number[], share: number): number {
  if (values.length === 0) throw new RangeError('there is no percentile of nothing');
  const sorted = Float64Array.from(values).sort();
  return sorted[Math.max(0, Math.ceil(share * sorted.length) - 1)]!;
}

function inWords(goal: Goal, what: string): string {
  return 'atLeast' in goal ? `${what} at least ${goal.atLeast}` : `${what} at most ${goal.atMost}`;
}
