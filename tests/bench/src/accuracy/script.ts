import type { Random } from './random.ts';

/** As devices do: two frames and two pieces of audio a second. */
export const samplingMs = 500;

/** What the counterpart does for a while. */
export const doings = ['talks', 'listens', 'speaks_away', 'types_away', 'is_away', 'is_away_in_noise', 'is_away_with_music'] as const;
export type Doing = (typeof doings)[number];

export interface Act {
  readonly fromMs: number;
  readonly toMs: number;
  readonly doing: Doing;
}

/** A call as it was meant to be. */
export interface Script {
  readonly acts: readonly Act[];
  /** When something was typed. */
  readonly typedMs: readonly number[];
  readonly endMs: number;
}

/** Acts of 1 to 20 s, one after the other, for 40 to 110 s; half of them with a face. */
export function randomScript(random: Random): Script {
  const endMs = 40_000 + Math.floor(random() * 70_000);
  const acts: Act[] = [];
  for (let fromMs = 0; fromMs < endMs; ) {
    const toMs = Math.min(endMs, fromMs + 1_000 + Math.floor(random() ** 2 * 19_000));
    acts.push({ fromMs, toMs, doing: anyOf(random, random() < 0.5 ? doings.slice(0, 2) : doings.slice(2)) });
    fromMs = toMs;
  }
  return { acts, typedMs: acts.filter(({ doing }) => doing === 'types_away').flatMap((act) => typed(act, random)), endMs };
}

export function actAt({ acts }: Script, atMs: number): Act {
  return acts.findLast(({ fromMs }) => fromMs <= atMs) ?? acts[0]!;
}

export const isSeen = (doing: Doing): boolean => doing === 'talks' || doing === 'listens';
export const isHeard = (doing: Doing): boolean => doing === 'talks' || doing === 'speaks_away';

function typed({ fromMs, toMs }: Act, random: Random): number[] {
  const times: number[] = [];
  for (let atMs = fromMs + random() * 1_000; atMs < toMs; atMs += 700 + random() * 3_000) times.push(Math.floor(atMs));
  return times;
}

function anyOf<T>(random: Random, list: readonly T[]): T {
  return list[Math.floor(random() * list.length)]!;
}
