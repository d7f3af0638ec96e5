import { DeviceServiceService, type ConnectRequest, type ConnectResponse } from '@parley/contracts';
import { parleyError } from '@parley/errors';
import { grpcService, type GrpcService, type StreamContext } from '@parley/grpc';
import { isAddress } from '../domain/application/address.ts';
import { createDeviceSession, type DeviceSession } from '../usecases/device-session.ts';
import type { RouterPorts } from '../usecases/router-ports.ts';
import { intentFromProto } from './convert-device.ts';
import { grpcDevice } from './grpc-device.ts';

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
