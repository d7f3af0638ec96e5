import { beforeEach, describe, expect, test } from '@jest/globals';
import { parleyError, type ErrorCode } from '@parley/errors';
import { createConnectedDevices, type ConnectedDevices } from '../devices/connected-devices.ts';
import type { DevicePort } from '../devices/device-port.ts';
import { createDeviceSession, type DeviceSession } from './device-session.ts';
import type { RouterPorts } from './router-ports.ts';

const port: DevicePort = {
  accountId: 'acme',
  address: 'client:bob',
  deliver: () => undefined,
  play: () => undefined,
  registered: () => undefined,
  refuse: () => undefined,
  draining: () => undefined,
  close: () => undefined,
};

/** What the peer that holds the call answers, one after the other; then it accepts. */
const answers: ErrorCode[] = [];
let asked: string[] = [];
let takesCalls = true;

beforeEach(() => {
  answers.length = 0;
  asked = [];
  takesCalls = true;
});

function portsWith(connected: ConnectedDevices): RouterPorts {
  const used: Pick<RouterPorts, 'instance' | 'connected' | 'directory' | 'peers' | 'takesCalls'> = {
    instance: 'here',
    connected,
    directory: { register: async () => async () => undefined, lookup: async () => undefined, forget: async () => undefined },
    peers: {
      request: async (instance) => {
        asked.push(instance);
        const code = answers.shift();
        if (code !== undefined) throw parleyError(code, 'no');
        return undefined;
      },
      send: () => undefined,
    },
    takesCalls: () => takesCalls,
  };
  // A device that is lost needs no more of a router than this.
  return used as RouterPorts;
}

/** A device on a leg of a call at a peer. */
async function onLeg(): Promise<DeviceSession> {
  const connected = createConnectedDevices();
  const registered = Promise.withResolvers<unknown>();
  const session = createDeviceSession(portsWith(connected), { ...port, registered: registered.resolve });
  await session.receive({ kind: 'register' });
  await registered.promise;
  connected.find('acme', 'client:bob')!.legs.set('CA2', { callId: 'CA1', ownerInstance: 'peer' });
  return session;
}

describe('the loss of a device on a leg of a peer', () => {
  test('is told until the peer hears it', async () => {
    const session = await onLeg();
    answers.push('call.owner_unavailable', 'call.owner_unavailable');
    await session.end();
    expect(asked).toEqual(['peer', 'peer', 'peer']);
  });

  test.each<ErrorCode>(['call.ended', 'not_found.leg'])('is not told again where the leg is gone: %s', async (code) => {
    const session = await onLeg();
    answers.push(code);
    await session.end();
    expect(asked).toEqual(['peer']);
  });

  test('is not told again by a router that shuts down', async () => {
    const session = await onLeg();
    answers.push('call.owner_unavailable');
    takesCalls = false;
    await session.end();
    expect(asked).toEqual(['peer']);
  });
});
