import type { Bus } from '@parley/bus';
import { readCall } from '../replay/read-call.ts';
import { differences, replaySide } from '../replay/replay-side.ts';

/** For tests: what comes of replaying each observed side of a call. */
export async function replayed(bus: Bus, callId: string) {
  return (await readCall(bus, callId)).map(({ party, records, events }) => ({ party, events: events.length, differences: differences(replaySide(party, records), events) }));
}
