import { parleyError, type ErrorCode } from '@parley/errors';
import type { DeviceCommand } from '../domain/call/call-command.ts';
import { findLeg } from '../domain/call/call-state.ts';
import { deviceAddress } from '../domain/call/leg.ts';
import type { RouterPorts } from './router-ports.ts';

export interface DeviceAtLeg {
  readonly accountId: string;
  readonly address: string;
  readonly callId: string;
}

/**
 * What the device on a leg of a call of this router said.
 * @throws ParleyError not_found.leg (also where the leg is another device's), call.ended, call.wrong_state, device.*
 */
export async function legCommand({ calls }: Pick<RouterPorts, 'calls'>, device: DeviceAtLeg, command: DeviceCommand): Promise<void> {
  const call = calls.get(device.callId);
  if (call === undefined) throw parleyError('call.ended', 'the call has ended');
  const leg = findLeg(call.state, command.legId);
  if (call.state.accountId !== device.accountId || leg === undefined || deviceAddress(leg) !== device.address) {
    throw parleyError('not_found.leg', 'the device is on no such leg');
  }
  const { refusal } = await call.submit(command);
  if (refusal !== undefined) throw parleyError(refusal, refusals[refusal] ?? 'the leg does not allow it now');
}

const refusals: Readonly<Partial<Record<ErrorCode, string>>> = {
  'call.ended': 'the leg has ended',
  'call.wrong_state': 'the leg is not in a state that allows this',
  'device.invalid_digits': 'digits are 1 to 32 of 0-9, *, # and A-D',
  'device.text_too_large': 'a text has at most 4096 bytes',
};
