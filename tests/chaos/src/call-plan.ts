import type { CallAttributes } from '@parley/bus';
import { callStory, type Step } from './call-story.ts';
import type { SeededRandom } from './seeded-random.ts';

/** A call that is going to be played. */
export interface PlannedCall {
  readonly accountId: string;
  readonly callId: string;
  readonly call: CallAttributes;
  /** Made when it is asked for: those of all calls need not be in memory at once. */
  readonly story: () => readonly Step[];
}

/** Those who call and are called, the same in every account: only the account keeps their events apart. */
export const callers: readonly string[] = [...Array.from({ length: 16 }, (_, n) => `client:caller-${n}`), ...Array.from({ length: 8 }, (_, n) => `+4917010000${n}0`)];
export const callees: readonly string[] = Array.from({ length: 6 }, (_, n) => `+1555010${n}`);
const accountIds = ['acme', 'acme-2', 'globex', 'initech', 'umbrella', 'hooli', 'stark', 'wayne'] as const;

/** The first accounts have many more calls than the last. */
export function accountsOf(count: number): readonly string[] {
  return accountIds.slice(0, count);
}

/** The calls of a run, in the order in which they begin; a seed gives the same ones again. */
export function planCalls(random: SeededRandom, count: number, accounts: readonly string[]): readonly PlannedCall[] {
  return Array.from({ length: count }, () => {
    const callId = randomCallId(random);
    const ofStory = random.fork(callId);
    return {
      accountId: accounts[Math.floor(random.next() ** 1.6 * accounts.length)]!,
      callId,
      call: { from: random.pick(callers), to: random.pick(callees), direction: random.chance(0.3) ? 'outbound-api' : 'inbound' },
      story: () => callStory(callId, ofStory.fork('story')),
    };
  });
}

export function randomCallId(random: SeededRandom): string {
  return `CA${Array.from({ length: 4 }, () => random.integer(0, 2 ** 32 - 1).toString(16).padStart(8, '0')).join('')}`;
}
