// Recomputes the reaction events of a call from what recognition measured, and says whether they are the published ones.
import { connectBus } from '@parley/bus';
import { Channel, IntervalKind, ReactionEvent } from '@parley/contracts';
import { readCall, type RecordedSide } from './read-call.ts';
import { differences, replaySide } from './replay-side.ts';

const [callId] = process.argv.slice(2);
const { NATS_URL: url, NATS_CREDS_FILE: credsFile } = process.env;
if (callId === undefined || callId === '' || url === undefined || credsFile === undefined) {
  console.error('NATS_URL=… NATS_CREDS_FILE=… replay-main.ts <call id>');
  process.exit(2);
}

const bus = await connectBus({ url, credsFile, name: 'replay' });
const sides = await readCall(bus, callId);
await bus.close();
if (sides.length === 0) {
  console.error(`the streams hold nothing that was observed of the call ${callId}`);
  process.exit(2);
}
const faults = sides.flatMap(report);
process.exitCode = faults.length === 0 ? 0 : 1;

function report({ party, records, events }: RecordedSide): string[] {
  const replay = replaySide(party, records);
  const found = differences(replay, events);
  console.log(`what the ${party} was shown: ${records.length} records, ${events.length} events, ${found.length === 0 ? 'identical' : 'DIFFERENT'}`);
  for (const interval of replay.events.flatMap((payload) => ReactionEvent.decode(payload).intervals)) {
    const { fromMs, toMs, kind, channel, confidence } = interval;
    console.log(`  ${String(fromMs).padStart(8)} ${String(toMs).padStart(8)} ms  ${wordOf(IntervalKind, kind).padEnd(16)} ${wordOf(Channel, channel).padEnd(6)} ${confidence === 0 ? '' : confidence.toFixed(3)}`);
  }
  for (const fault of found) console.log(`  ${fault}`);
  return found;
}

function wordOf(names: Readonly<Record<string, number>>, value: number): string {
  const name = Object.keys(names).find((one) => names[one] === value) ?? 'UNSPECIFIED';
  return name === 'UNSPECIFIED' ? '' : name.toLowerCase();
}
