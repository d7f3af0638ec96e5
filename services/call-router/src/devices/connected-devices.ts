import type { DevicePort } from './device-port.ts';

/** Where the call of a leg is held. */
export interface LegPlace {
  readonly callId: string;
  readonly ownerInstance: string;
}

/** A device that is connected to this router, and its legs. */
export interface ConnectedDevice {
  readonly port: DevicePort;
  readonly legs: Map<string, LegPlace>;
}

/** The devices that are connected to this router. */
export interface ConnectedDevices {
  /** @returns the device, and the one that had the address before */
  add(port: DevicePort): { readonly device: ConnectedDevice; readonly replaced: ConnectedDevice | undefined };
  /** Whether it was there still: a newer connection may have its address. */
  remove(device: ConnectedDevice): boolean;
  find(accountId: string, address: string): ConnectedDevice | undefined;
  all(): readonly ConnectedDevice[];
}

export function createConnectedDevices(): ConnectedDevices {
  const devices = new Map<string, ConnectedDevice>();
  const key = (accountId: string, address: string) => `${accountId} ${address}`;
  return {
    add: (port) => {
      const at = key(port.accountId, port.address);
      const replaced = devices.get(at);
      const device: ConnectedDevice = { port, legs: new Map() };
      devices.set(at, device);
      return { device, replaced };
    },
    remove: (device) => {
      const at = key(device.port.accountId, device.port.address);
      return devices.get(at) === device && devices.delete(at);
    },
    find: (accountId, address) => devices.get(key(accountId, address)),
    all: () => [...devices.values()],
  };
}
