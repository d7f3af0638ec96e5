import { logger } from '@parley/telemetry';
import type { LiveCall } from '../calls/live-call.ts';
import { findLeg } from '../domain/call/call-state.ts';
import type { Effect } from '../domain/call/effect.ts';
import { legAddress, type EffectPorts } from './effect-ports.ts';

const log = logger('effects');

/** Lets the device at the leg's address ring, wherever it is connected. */
export async function ringDevice({ lines }: EffectPorts, call: LiveCall, { legId }: Extract<Effect, { kind: 'ring_device' }>): Promise<void> {
  const address = legAddress(call, legId);
  const leg = findLeg(call.state, legId);
  if (address === undefined || leg === undefined) return;
  try {
    await lines.deliver(address, { kind: 'incoming_call', callId: call.callId, legId, from: leg.from, to: leg.to });
  } catch (error) {
    log.info({ err: error, callId: call.callId, legId }, 'a device cannot be reached');
    await call.submit({ kind: 'device_unreachable', legId });
  }
}
