import { isParleyError, parleyError } from '@parley/errors';
import type { Peers } from '../bus/peers.ts';
import type { DeviceMessage } from '../domain/call/device-message.ts';
import { messageProto } from '../grpc/convert-device.ts';
import type { ConnectedDevice, ConnectedDevices } from './connected-devices.ts';
import type { DeviceDirectory } from './device-directory.ts';

/** A leg of a call that this router holds, and the address of its device. */
export interface LegAddress {
  readonly accountId: string;
  readonly callId: string;
  readonly legId: string;
  readonly address: string;
}

/** The ways from the calls of this router to the devices on their legs, wherever these are connected. */
export interface LegLines {
  /** The device of this router that places the call is on the leg. */
  attach(leg: LegAddress, device: ConnectedDevice): void;
  /**
   * Tells the device; messages of a leg arrive in order. `incoming_call` looks for the device and puts it on the leg.
   * @throws ParleyError call.unreachable: the device is not connected, or not on that leg any more
   */
  deliver(leg: LegAddress, message: DeviceMessage): Promise<void>;
  /** As DevicePort.play. */
  play(leg: LegAddress, pcm: Buffer): void;
  /** Legs whose device is connected to that router. */
  legsAt(instance: string): readonly LegAddress[];
  release(legId: string): void;
}

interface Line {
  readonly leg: LegAddress;
  readonly instance: string;
}

export interface LegLinesPorts {
  readonly instance: string;
  readonly connected: ConnectedDevices;
  readonly directory: Pick<DeviceDirectory, 'lookup'>;
  readonly peers: Peers;
}

export function createLegLines(ports: LegLinesPorts): LegLines {
  const { instance, connected, peers } = ports;
  const lines = new Map<string, Line>();
  const inTurn = createTurns();

  const deliver = async (leg: LegAddress, message: DeviceMessage): Promise<void> => {
    const line = lines.get(leg.legId) ?? (await findLine(ports, leg));
    if (message.kind === 'incoming_call') lines.set(leg.legId, line);
    if (line.instance === instance) deliverHere(connected, { ...leg, ownerInstance: instance }, message);
    else await deliverThere(ports, line, message);
  };
  return {
    attach: (leg, device) => {
      lines.set(leg.legId, { leg, instance });
      device.legs.set(leg.legId, { callId: leg.callId, ownerInstance: instance });
    },
    deliver: (leg, message) => inTurn(leg.legId, () => deliver(leg, message)),
    play: (leg, pcm) => {
      const line = lines.get(leg.legId);
      if (line?.instance === instance) playHere(connected, leg, pcm);
      else if (line !== undefined) peers.send(line.instance, leg.accountId, toDevice(leg, instance, { $case: 'audio', value: { legId: leg.legId, pcm } }));
    },
    legsAt: (of) => [...lines.values()].filter((line) => line.instance === of).map(({ leg }) => leg),
    release: (legId) => void lines.delete(legId),
  };
}

/** Work under the same key is done one after the other. */
function createTurns(): (key: string, work: () => Promise<void>) => Promise<void> {
  const tails = new Map<string, Promise<void>>();
  return (key, work) => {
    const done = (tails.get(key) ?? Promise.resolve()).then(work);
    const tail = done.catch(() => undefined).then(() => void (tails.get(key) === tail && tails.delete(key)));
    tails.set(key, tail);
    return done;
  };
}

async function findLine({ directory }: LegLinesPorts, leg: LegAddress): Promise<Line> {
  const instance = await directory.lookup(leg.accountId, leg.address);
  if (instance === undefined) throw unreachable();
  return { leg, instance };
}

async function deliverThere({ instance, peers }: LegLinesPorts, { leg, instance: holder }: Line, message: DeviceMessage): Promise<void> {
  try {
    await peers.request(holder, leg.accountId, toDevice(leg, instance, messageProto(message)));
  } catch (cause) {
    throw isParleyError(cause, 'call.owner_unavailable') ? unreachable(cause) : cause;
  }
}

function toDevice(leg: LegAddress, ownerInstance: string, message: ReturnType<typeof messageProto>) {
  const { address, legId, callId } = leg;
  return { $case: 'toDevice', value: { address, legId, callId, ownerInstance, message: { message } } } as const;
}

/** A message for a device of this router, from here or from a peer that owns the call. @throws ParleyError call.unreachable */
export function deliverHere(connected: ConnectedDevices, leg: LegAddress & { readonly ownerInstance: string }, message: DeviceMessage): void {
  const device = connected.find(leg.accountId, leg.address);
  if (device === undefined) throw unreachable();
  if (message.kind === 'incoming_call') device.legs.set(leg.legId, { callId: leg.callId, ownerInstance: leg.ownerInstance });
  // A device that connected anew is not on the legs of its earlier connection.
  if (!device.legs.has(leg.legId)) throw unreachable();
  device.port.deliver(message);
  if (message.kind === 'leg_ended') device.legs.delete(leg.legId);
}

/** As DevicePort.play, for a device of this router. */
export function playHere(connected: ConnectedDevices, { accountId, address, legId }: Omit<LegAddress, 'callId'>, pcm: Buffer): void {
  const device = connected.find(accountId, address);
  if (device?.legs.has(legId) === true) device.port.play(legId, pcm);
}

function unreachable(cause?: unknown): Error {
  return parleyError('call.unreachable', 'no device is connected at the address', { cause });
}
