import { parleyError, type ErrorCode } from '@parley/errors';
import { DeviceServiceService, type ConnectRequest, type ConnectResponse } from '@parley/contracts';
import { grpcService, type GrpcService, type StreamContext } from '@parley/grpc';
import { isAddress } from '../domain/application/address.ts';
import type { DevicePort } from '../devices/device-port.ts';
import { createDeviceSession, type DeviceSession } from '../usecases/device-session.ts';
import type { RouterPorts } from '../usecases/router-ports.ts';
import { intentFromProto, messageProto } from './convert-device.ts';

/** The device channel: the stream is the device, its token's subject the address. */
export function deviceService(ports: RouterPorts): GrpcService {
  return grpcService(DeviceServiceService, {
    scope: 'device',
    handlers: { connect: (requests, stream) => connect(ports, requests, stream) },
  });
}

async function connect(ports: RouterPorts, requests: AsyncIterable<ConnectRequest>, stream: StreamContext<ConnectResponse>): Promise<void> {
  if (!isAddress(stream.identity.subject)) throw parleyError('device.invalid_address', 'the subject of the token is not an address');
  const closed = Promise.withResolvers<never>();
  // It may be closed after the stream has ended.
  closed.promise.catch(() => undefined);
  const session = createDeviceSession(ports, grpcDevice(stream, closed.reject));
  try {
    await Promise.race([receiveAll(session, requests), closed.promise]);
  } finally {
    await session.end();
  }
}

async function receiveAll(session: DeviceSession, requests: AsyncIterable<ConnectRequest>): Promise<void> {
  for await (const request of requests) {
    try {
      await session.receive(intentFromProto(request));
    } catch (error) {
      session.refuse(error);
    }
  }
}

/** Messages that wait for a slow device before further frames are left out: half a second. */
const mostAudioWaiting = 25;
/** Messages that wait for a device that does not read, before it is given up. */
const mostWaiting = 1_000;

function grpcDevice(stream: StreamContext<ConnectResponse>, close: (error: Error) => void): DevicePort {
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
