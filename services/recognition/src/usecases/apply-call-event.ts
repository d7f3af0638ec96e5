import { effectsOf, evolveCall, newCallRecord, type CallEvent, type Effect } from '../domain/call-record.ts';
import { apply, awaitsEnd, newObservation, type CallAttributes, type Change, type Observation } from '../domain/observation.ts';
import type { CallStore, ObservationKey, ObservationStore } from './observation-store.ts';

export interface CallInput {
  readonly eventId: string;
  readonly accountId: string;
  readonly callId: string;
  readonly call: CallAttributes;
  readonly traceparent: string;
  readonly sequence: number;
  readonly event: CallEvent;
}

export interface CallEventPorts {
  readonly calls: CallStore;
  readonly observations: ObservationStore;
  /** A side's call is over: its observations are waited for no longer than the configured time. */
  readonly onEndAwaited: (key: ObservationKey) => void;
  /** UTC. */
  readonly nowMs: () => number;
}

/**
 * Takes in the next event of a call. First the sides, each of which knows the events that it has applied, then the call's
 * own record: after a crash in between the event comes again and does what is missing.
 */
export async function applyCallEvent(input: CallInput, ports: CallEventPorts): Promise<'applied' | 'duplicate' | 'wait'> {
  const record = (await ports.calls.find(input.callId)) ?? newCallRecord(input.callId);
  if (input.sequence <= record.sequence) return 'duplicate';
  if (input.sequence > record.sequence + 1) return 'wait';
  for (const effect of effectsOf(input.event, record)) await applyEffect(effect, input, ports);
  await ports.calls.save(evolveCall(record, input.event));
  return 'applied';
}

async function applyEffect(effect: Effect, input: CallInput, { observations, onEndAwaited, nowMs }: CallEventPorts): Promise<void> {
  const key = { callId: input.callId, party: effect.party };
  const changed = await observations.change(key, (found) => decide(effect, input, found, nowMs()), input.eventId);
  if (changed && awaitsEnd(changed)) onEndAwaited(key);
}

function decide({ command, party, legId }: Effect, input: CallInput, found: Observation | undefined, nowMs: number): Change | undefined {
  const { accountId, callId, call, traceparent, sequence } = input;
  const before = found ?? newObservation({ accountId, callId, party, legId, call, traceparent });
  if (before.callSequence >= sequence) return undefined;
  const endAwaitedSinceMs = command.type === 'complete' ? nowMs : before.endAwaitedSinceMs;
  // The call's own trace, rather than that of a stream that came first.
  return apply([command], { ...before, callSequence: sequence, endAwaitedSinceMs, traceparent: traceparent === '' ? before.traceparent : traceparent });
}
