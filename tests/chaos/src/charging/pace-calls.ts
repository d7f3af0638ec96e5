import { rest } from '../rest.ts';
import type { ChargedCall } from './call-plan.ts';
import { playCall, type CallPlayerOptions, type PlayedCall } from './call-player.ts';

export interface PaceOptions {
  readonly calls: readonly ChargedCall[];
  readonly player: CallPlayerOptions;
  /** How long all of it is to take; it takes longer where the system does not keep up. */
  readonly durationMs: number;
  readonly mostAtATime: number;
  readonly isSettled: (played: PlayedCall) => boolean;
  readonly say: (line: string) => void;
  /** No more begin after it. */
  readonly playLimitMs: number;
  /** Ends it early. */
  readonly stop: AbortSignal;
}

const tickMs = 20;
const sayEachMs = 15_000;

/** Begins calls at an even pace, and none while too many wait for billing. Resolves with them once all that have begun are played to their end. */
export async function paceCalls({ calls, player, durationMs, mostAtATime, playLimitMs, isSettled, say, stop }: PaceOptions): Promise<readonly PlayedCall[]> {
  const played: PlayedCall[] = [];
  const underWay = new Set<Promise<void>>();
  /** Begun, and not settled as far as they have to be: what is lost is settled long after. */
  const open = new Map<string, PlayedCall | 'playing'>();
  const failed = new AbortController();
  const end = AbortSignal.any([stop, failed.signal]);
  const play = async (call: ChargedCall): Promise<void> => {
    const one = await playCall(call, { ...player, stop: end });
    if (end.aborted) return;
    played.push(one);
    if (one.isCharged && !call.course.endsWith('lost')) open.set(call.callId, one);
    else open.delete(call.callId);
  };
  const begin = (call: ChargedCall): void => {
    open.set(call.callId, 'playing');
    const playing = play(call)
      .catch((error: unknown) => failed.abort(error))
      .finally(() => underWay.delete(playing));
    underWay.add(playing);
  };
  const waiting = calls.values();
  let [begun, owed, lastMs, saidMs] = [0, 0, performance.now(), performance.now()];
  const untilMs = lastMs + playLimitMs;
  while (!end.aborted && begun < calls.length && lastMs < untilMs) {
    const nowMs = performance.now();
    owed = Math.min(owed + ((nowMs - lastMs) * calls.length) / durationMs, mostAtATime);
    lastMs = nowMs;
    for (const [callId, state] of open) if (state !== 'playing' && isSettled(state)) open.delete(callId);
    for (; owed >= 1 && open.size < mostAtATime && begun < calls.length; owed -= 1) {
      begin(waiting.next().value!);
      begun += 1;
    }
    if (nowMs - saidMs > sayEachMs) {
      say(`${begun} of ${calls.length} calls have begun, ${open.size} wait to be settled`);
      saidMs = nowMs;
    }
    await rest(tickMs, end);
  }
  await Promise.all(underWay);
  failed.signal.throwIfAborted();
  return played;
}
