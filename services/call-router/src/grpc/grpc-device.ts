import type { ConnectResponse } from '@parley/contracts';
import { parleyError, type ErrorCode } from '@parley/errors';
import type { StreamContext } from '@parley/grpc';
import type { DevicePort } from '../devices/device-port.ts';
import { messageProto } from './convert-device.ts';

/** Messages that wait for a slow device before further frames are left out: half a second. */
const mostAudioWaiting = 25;
/** Messages that wait for a device that does not read, before it is given up. */
const mostWaiting = 1_000;

/**
 * A device at the end of a gRPC stream.
 * @param close ends the stream with an error
 */
export function grpcDevice(stream: Pick<StreamContext<ConnectResponse>, 'send' | 'identity'>, close: (error: Error) => void): DevicePort {
  const waiting: ConnectResponse[] = [];
  let sending = false;
  const sendAll = async (): Promise<void> => {
    sending = true;
    try {
      for (let next = waiting.shift(); next !== undefined; next = waiting.shift()) await stream.send(next);
    } catch {
      // The device is gone: its requests end too, and then its session.
    }
    sending = false;
  };
  const send = (message: NonNullable<ConnectResponse['message']>): void => {
    waiting.push({ message });
    if (!sending) void sendAll();
    if (waiting.length > mostWaiting) close(parleyError('device.not_reading', 'the device does not read'));
  };
  return {
    accountId: stream.identity.accountId,
    address: stream.identity.subject,
    deliver: (message) => send(messageProto(message)),
    play: (legId, pcm) => {
      if (waiting.length < mostAudioWaiting) send({ $case: 'audio', value: { legId, pcm } });
    },
    registered: (routerInstance) => send({ $case: 'registered', value: { address: stream.identity.subject, routerInstance } }),
    refuse: (refusal) => send({ $case: 'commandRefused', value: refusal }),
    draining: () => send({ $case: 'draining', value: {} }),
    close: (code: ErrorCode, message: string) => close(parleyError(code, message)),
  };
}
