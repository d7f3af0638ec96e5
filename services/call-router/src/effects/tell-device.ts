import { logger } from '@parley/telemetry';
import type { LiveCall } from '../calls/live-call.ts';
import type { Effect } from '../domain/call/effect.ts';
import type { DeviceMessage } from '../domain/call/device-message.ts';
import { legAddress, type EffectPorts } from './effect-ports.ts';

const log = logger('effects');

/** A device that cannot be told is lost, and so is its leg. */
export async function tellDevice(ports: Pick<EffectPorts, 'lines'>, call: LiveCall, { legId, message }: Extract<Effect, { kind: 'tell_device' }>): Promise<void> {
  await deliverOrLose(ports, call, legId, message);
  if (message.kind === 'leg_ended') ports.lines.release(legId);
}

export async function deliverOrLose({ lines }: Pick<EffectPorts, 'lines'>, call: LiveCall, legId: string, message: DeviceMessage): Promise<void> {
  const leg = legAddress(call, legId);
  if (leg === undefined) return;
  try {
    await lines.deliver(leg, message);
  } catch (error) {
    log.debug({ err: error, callId: call.callId, legId, message: message.kind }, 'a device could not be told');
    if (message.kind !== 'leg_ended') await call.submit({ kind: 'device_lost', legId });
  }
}
