import { setTimeout as sleep } from 'node:timers/promises';
import type { BusEvent } from '@parley/bus';
import { eventsOf, randomCallId, seededRandom, type ChargedCall } from '@parley/chaos';
import type { MeasuredBilling } from './system.ts';

const random = seededRandom(1);

/** A call of 25 s in three reaction events: two whole entries and the rest. */
function newCall(wallet: ChargedCall['wallet']): ChargedCall {
  const batches = [0n, 10_000n, 20_000n].map((fromMs) => [{ kind: 'face' as const, fromMs, toMs: fromMs + (fromMs === 20_000n ? 5_000n : 10_000n) }]);
  const callId = randomCallId(random);
  return { callId, wallet, callee: { ...wallet, address: '+15550100' }, policy: 0, course: 'completed', batches, isEnded: true, finalMs: 25_000n, calleeBatches: [], random: random.fork(callId) };
}

/** Events of authorised calls of these holders in turn, in rounds: the first of each call, the second of each call … */
export async function authorisedCalls({ billing, policy }: MeasuredBilling, count: number, holders: readonly ChargedCall['wallet'][]): Promise<{ readonly callIds: readonly string[]; readonly rounds: readonly (readonly BusEvent[])[] }> {
  const sequences: (readonly BusEvent[])[] = [];
  const callIds: string[] = [];
  for (let nth = 0; nth < count; nth += 1) {
    const call = newCall(holders[nth % holders.length]!);
    const answer = await billing.authorize(call, policy.policyId);
    if (answer.kind !== 'granted') throw new Error('a call was not authorised');
    const { call: ofCall, reactions } = eventsOf(call, { originMs: Date.now() - 25_000, charge: answer.charge });
    sequences.push([...ofCall.slice(0, 2), ...reactions.flat(), ...ofCall.slice(2)]);
    callIds.push(call.callId);
  }
  return { callIds, rounds: sequences[0]!.map((_, at) => sequences.map((events) => events[at]!)) };
}

/** Publishes all, and waits until all calls are settled. @returns how long that took, in ms. */
export async function consume({ producers, record }: MeasuredBilling, { callIds, rounds }: Awaited<ReturnType<typeof authorisedCalls>>): Promise<number> {
  const beganMs = performance.now();
  for (const round of rounds) await Promise.all(round.map((event) => producers.publish(event, 0)));
  while (!callIds.every((callId) => record.settlements(callId) > 0)) await sleep(20);
  return performance.now() - beganMs;
}
