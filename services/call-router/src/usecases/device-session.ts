import { setTimeout as sleep } from 'node:timers/promises';
import { isParleyError, parleyError, toParleyError, type ErrorCode } from '@parley/errors';
import { attributeNames, logger, withSpan } from '@parley/telemetry';
import type { ConnectedDevice, LegPlace } from '../devices/connected-devices.ts';
import { audioFrameBytes, type DeviceIntent, type DevicePort, type Refusal } from '../devices/device-port.ts';
import type { DeviceCommand } from '../domain/call/call-command.ts';
import { rootLeg } from '../domain/call/call-state.ts';
import { commandProto } from '../grpc/convert-device.ts';
import { legAudio } from './leg-audio.ts';
import { legCommand } from './leg-command.ts';
import { placeCall } from './place-call.ts';
import type { RouterPorts } from './router-ports.ts';

const log = logger('device');

/** One connection of a device, whatever protocol it speaks. */
export interface DeviceSession {
  /**
   * Takes what the device says, in order; audio overtakes. Never throws for a fault of the device: that is refused.
   * Resolves when there is room for more.
   */
  receive(intent: DeviceIntent): Promise<void>;
  /** What the device said could not be read. */
  refuse(error: unknown): void;
  /** The connection is gone, and so are the device's legs. */
  end(): Promise<void>;
}

/** So many commands of a device may wait before it is made to wait. */
const mostWaiting = 64;

/** Long enough for the broker to come back, or for the owner's peers to take it for dead. */
const longestTellingMs = 60_000;
const firstRetryMs = 100;
const lastRetryMs = 5_000;

export function createDeviceSession(ports: RouterPorts, port: DevicePort): DeviceSession {
  let device: ConnectedDevice | undefined;
  let unregister: (() => Promise<void>) | undefined;
  let tail: Promise<void> = Promise.resolve();
  let waiting = 0;

  const register = async (): Promise<void> => {
    if (device === undefined) {
      // If the registry does not answer the device is refused, and may try again.
      unregister = await ports.directory.register(port.accountId, port.address);
      const added = ports.connected.add(port);
      device = added.device;
      if (added.replaced !== undefined) replace(ports, added.replaced);
    }
    port.registered(ports.instance);
  };
  const carryOut = async (intent: Exclude<DeviceIntent, { kind: 'audio' }>): Promise<void> => {
    try {
      if (intent.kind === 'register') return await register();
      if (device === undefined) throw parleyError('device.not_registered', 'the device has to register first');
      if (intent.kind === 'place_call') await place(ports, device, intent);
      else await command(ports, device, intent.command);
    } catch (error) {
      port.refuse(refusalOf(intent, error));
    }
  };
  return {
    receive: async (intent) => {
      if (intent.kind === 'audio') return audio(ports, device, port, intent);
      waiting += 1;
      tail = tail.then(() => carryOut(intent)).finally(() => (waiting -= 1));
      if (waiting > mostWaiting) await tail;
    },
    refuse: (error) => port.refuse(refusalOf(undefined, error)),
    end: async () => {
      await tail;
      if (device === undefined) return;
      ports.connected.remove(device);
      await unregister?.();
      await loseLegs(ports, device);
    },
  };
}

/** The address was registered by a newer connection, which knows nothing of this one's legs. */
function replace(ports: RouterPorts, replaced: ConnectedDevice): void {
  replaced.port.close('device.replaced', 'the address was registered by a newer connection');
  void loseLegs(ports, replaced);
}

async function place(ports: RouterPorts, device: ConnectedDevice, { requestId, to, consents }: Extract<DeviceIntent, { kind: 'place_call' }>): Promise<void> {
  const { port } = device;
  const attributes = { [attributeNames.account]: port.accountId };
  // Each call is a trace of its own: the connection's would be one for days.
  const { state, repeated } = await withSpan('place call', attributes, () => placeCall(ports, { device, to, requestId, consents }), { kind: 'server', parent: undefined });
  if (!repeated) return;
  const legId = state.callId;
  port.deliver({ kind: 'call_placed', requestId, callId: state.callId, legId });
  const root = rootLeg(state);
  if (root.kind === 'ended') port.deliver({ kind: 'leg_ended', legId, status: root.status, cause: root.cause });
}

async function command(ports: RouterPorts, device: ConnectedDevice, said: DeviceCommand): Promise<void> {
  const place = legOf(device, said.legId);
  const { accountId, address } = device.port;
  if (place.ownerInstance === ports.instance) {
    await legCommand(ports, { accountId, address, callId: place.callId }, said);
  } else {
    const message = commandProto(said);
    const value = { address, legId: said.legId, callId: place.callId, message: message === undefined ? undefined : { message } };
    await ports.peers.request(place.ownerInstance, accountId, { $case: 'fromDevice', value });
  }
}

function legOf(device: ConnectedDevice, legId: string): LegPlace {
  const place = device.legs.get(legId);
  if (place === undefined) throw parleyError('not_found.leg', 'the device is on no such leg');
  return place;
}

function audio(ports: RouterPorts, device: ConnectedDevice | undefined, port: DevicePort, { legId, pcm }: Extract<DeviceIntent, { kind: 'audio' }>): void {
  const place = device?.legs.get(legId);
  if (place === undefined) {
    port.refuse(refusal('not_found.leg', 'the device is on no such leg', legId));
  } else if (pcm.length !== audioFrameBytes) {
    port.refuse(refusal('device.invalid_audio', `a frame has ${audioFrameBytes} bytes, not ${pcm.length}`, legId));
  } else if (place.ownerInstance === ports.instance) {
    legAudio(ports, place.callId, legId, pcm);
  } else {
    const { accountId, address } = port;
    const value = { address, legId, callId: place.callId, message: { message: { $case: 'audio', value: { legId, pcm } } as const } };
    ports.peers.send(place.ownerInstance, accountId, { $case: 'fromDevice', value });
  }
}

async function loseLegs(ports: RouterPorts, device: ConnectedDevice): Promise<void> {
  await Promise.all([...device.legs.keys()].map((legId) => loseLeg(ports, device, legId)));
  device.legs.clear();
}

/**
 * The owner is told until it answers: nobody else would end the leg. One that is gone for good needs no telling, as its
 * calls end with it; when this router shuts down, its peers end the legs of its devices themselves.
 */
async function loseLeg(ports: RouterPorts, device: ConnectedDevice, legId: string): Promise<void> {
  const giveUpMs = performance.now() + longestTellingMs;
  for (let retryMs = firstRetryMs; device.legs.has(legId); retryMs = Math.min(retryMs * 2, lastRetryMs)) {
    try {
      await command(ports, device, { kind: 'device_lost', legId });
      return;
    } catch (error) {
      const again = isParleyError(error, 'call.owner_unavailable') && ports.takesCalls() && performance.now() + retryMs < giveUpMs;
      if (!again) {
        log.debug({ err: error, legId }, 'the owner of a leg was not told that its device is lost');
        return;
      }
    }
    await sleep(retryMs, undefined, { ref: false });
  }
}

function refusalOf(intent: DeviceIntent | undefined, error: unknown): Refusal {
  const { code, message, row } = toParleyError(error);
  if (row.log === 'error') log.error({ err: error, code }, 'a command of a device failed');
  const legId = intent?.kind === 'command' ? intent.command.legId : '';
  const requestId = intent?.kind === 'place_call' ? intent.requestId : '';
  return { legId, requestId, code, message };
}

function refusal(code: ErrorCode, message: string, legId: string): Refusal {
  return { code, message, legId, requestId: '' };
}
