import type { Bus } from '@parley/bus';
import type { StreamState } from '@parley/cursor';
import { nextMessage } from './next-message.ts';

/**
 * The first sequence of a stream that was stored at a time or later; behind the last one if there is none. Messages of a
 * stream are stored in the order of time, so halving finds it in a few steps.
 */
export async function firstSequenceSince(
  bus: Bus,
  stream: string,
  since: Date,
  { firstSequence, lastSequence }: Pick<StreamState, 'firstSequence' | 'lastSequence'>,
): Promise<number> {
  let [low, high] = [firstSequence, lastSequence + 1];
  while (low < high) {
    const middle = Math.floor((low + high) / 2);
    const message = await nextMessage(bus, stream, '>', middle);
    if (message === undefined || message.time >= since) high = middle;
    else low = message.seq + 1;
  }
  return low;
}
