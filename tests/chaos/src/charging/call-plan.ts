import type { Segment, SegmentKind } from '../../../../services/billing/src/domain/timeline.ts';
import { randomCallId } from '../call-plan.ts';
import type { SeededRandom } from '../seeded-random.ts';
import { someBigint } from './policies.ts';
import type { PlannedWallet } from './wallets.ts';

/**
 * How a call goes: to its end; without the end of the payer's reaction; without its own end; authorised and never heard of
 * again; authorised and released before there is video; without a policy.
 */
export type CallCourse = 'completed' | 'recognition lost' | 'call lost' | 'never begun' | 'released' | 'free';

export interface ChargedCall {
  readonly callId: string;
  /** Whose holder calls. */
  readonly wallet: PlannedWallet;
  /** Whose holder is called; of the same account. */
  readonly callee: PlannedWallet;
  /** Among the policies of the account. */
  readonly policy: number;
  readonly course: CallCourse;
  /** The payer's view, gapless from 0: what each of its reaction events says. */
  readonly batches: readonly (readonly Segment[])[];
  /** Whether the last of them is `reaction.ended`. */
  readonly isEnded: boolean;
  /** Media time at which the call ends; beyond the last batch nothing is observed. */
  readonly finalMs: bigint;
  /** The callee's view, of the same kind; it is there to its end. None: it is not observed. */
  readonly calleeBatches: readonly (readonly Segment[])[];
  /** For what happens to its events on the way. */
  readonly random: SeededRandom;
}

/** Of a hundred calls. */
const courses: readonly (readonly [percent: number, course: CallCourse])[] = [
  [82, 'completed'],
  [4, 'recognition lost'],
  [2, 'call lost'],
  [3, 'never begun'],
  [4, 'released'],
  [5, 'free'],
];
const kinds: readonly SegmentKind[] = ['face', 'face', 'face', 'voice', 'voice', 'text', 'not_live', 'grace_recovered', 'grace_lapsed', 'absent', 'unobserved'];

/** The calls of a run, in the order in which they begin; a seed gives the same ones again. */
export function planChargedCalls(random: SeededRandom, { calls, wallets, policies }: { calls: number; wallets: readonly PlannedWallet[]; policies: number }): readonly ChargedCall[] {
  return Array.from({ length: calls }, () => {
    const callId = randomCallId(random);
    const course = someCourse(random);
    const segments = planSegments(random);
    const endMs = segments.at(-1)!.toMs;
    const isLost = course === 'recognition lost' || (course === 'call lost' && random.chance(0.5));
    const wallet = random.pick(wallets);
    const finalMs = random.chance(0.2) ? endMs + someBigint(random, 1, 200) : endMs;
    const calleeSegments = course === 'completed' && random.chance(0.25) ? planSegments(random).flatMap((segment) => within(segment, 0n, finalMs)) : [];
    return {
      callId,
      wallet,
      callee: random.pick(wallets.filter((other) => other !== wallet && other.accountId === wallet.accountId)),
      policy: random.integer(0, policies - 1),
      course,
      batches: cut(random, segments, isLost && random.chance(0.3) ? 0 : random.pick([1, 1, 1, 2, 2, 3])),
      isEnded: !isLost,
      finalMs,
      calleeBatches: calleeSegments.length === 0 ? [] : cut(random, calleeSegments, random.pick([1, 1, 2])),
      random: random.fork(callId),
    };
  });
}

function someCourse(random: SeededRandom): CallCourse {
  let left = random.between(0, 100);
  return courses.find(([percent]) => (left -= percent) < 0)?.[1] ?? 'completed';
}

function planSegments(random: SeededRandom): readonly Segment[] {
  let atMs = 0n;
  // Longer ones need more than the first grant.
  const longestMs = random.chance(0.2) ? 1_200 : 400;
  return Array.from({ length: random.integer(1, 5) }, () => ({ kind: random.pick(kinds), fromMs: atMs, toMs: (atMs += someBigint(random, 40, longestMs)) }));
}

/** The same timeline in so many pieces, cut wherever it may be; in none, it is not told. */
function cut(random: SeededRandom, segments: readonly Segment[], count: number): readonly (readonly Segment[])[] {
  const endMs = segments.at(-1)!.toMs;
  const inside = Array.from({ length: Math.max(0, count - 1) }, () => someBigint(random, 1, Number(endMs) - 1)).sort((one, other) => Number(one - other));
  const edges = count === 0 ? [] : [0n, ...inside, endMs];
  return edges.slice(1).map((toMs, index) => segments.flatMap((segment) => within(segment, edges[index]!, toMs)));
}

function within({ kind, ...segment }: Segment, fromMs: bigint, toMs: bigint): Segment[] {
  const from = segment.fromMs > fromMs ? segment.fromMs : fromMs;
  const to = segment.toMs < toMs ? segment.toMs : toMs;
  return from < to ? [{ kind, fromMs: from, toMs: to }] : [];
}
