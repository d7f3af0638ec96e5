import { parleyError } from '@parley/errors';
import type { ConnectedDevice } from '../devices/connected-devices.ts';
import { isAddress } from '../domain/application/address.ts';
import type { ExistingCall } from '../domain/call/call-state.ts';
import { checkRequestId, derivedId } from './derived-id.ts';
import type { RouterPorts } from './router-ports.ts';
import { startCall } from './start-call.ts';

export interface DeviceCall {
  /** The calling device. */
  readonly device: ConnectedDevice;
  readonly to: string;
  readonly requestId: string;
  readonly consents: boolean;
}

/**
 * A device of this router calls. The application of the called address runs, or else that of the calling one.
 * @throws ParleyError request.invalid_argument, device.invalid_address, device.draining, call.no_application,
 * request.idempotency_conflict, store.unavailable
 */
export async function placeCall(ports: RouterPorts, { device, to, requestId, consents }: DeviceCall): Promise<{ readonly state: ExistingCall; readonly repeated: boolean }> {
  const { accountId, address: from } = device.port;
  checkRequestId(requestId);
  if (!isAddress(to)) throw parleyError('device.invalid_address', 'an address is client:<name> or +<digits>');
  if (!ports.takesCalls()) throw parleyError('device.draining', 'this router shuts down; connect again');
  const application = (await ports.applications.atAddress(accountId, to)) ?? (await ports.applications.atAddress(accountId, from));
  if (application === undefined) throw parleyError('call.no_application', 'neither address is bound to an application');
  const callId = derivedId('CA', [accountId, 'device', from], requestId);
  const request = { callId, accountId, application, direction: 'inbound', from, to, requestId, consents, ringTimeoutMs: 0 } as const;
  return startCall(ports, request, () => ports.lines.attach({ accountId, callId, legId: callId, address: from }, device));
}
