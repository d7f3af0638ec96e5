import type { Peers } from '../bus/peers.ts';
import type { LiveCalls } from '../calls/live-calls.ts';
import type { ConnectedDevices } from '../devices/connected-devices.ts';
import type { DeviceDirectory } from '../devices/device-directory.ts';
import type { LegLines } from '../devices/leg-lines.ts';
import type { ApplicationRepository } from '../store/application-repository.ts';
import type { CallRepository } from '../store/call-repository.ts';
import type { BillingClient } from './billing-client.ts';

/** What use cases reach out to. */
export interface RouterPorts {
  readonly instance: string;
  readonly calls: LiveCalls;
  readonly callDocuments: CallRepository;
  readonly applications: ApplicationRepository;
  readonly billing: BillingClient;
  readonly lines: LegLines;
  readonly connected: ConnectedDevices;
  readonly directory: DeviceDirectory;
  readonly peers: Peers;
  /** @throws ParleyError egress.invalid_url, egress.forbidden_address */
  readonly checkUrl: (url: string) => void;
  readonly now: () => number;
  /** Whether new calls are taken: not while shutting down. */
  readonly takesCalls: () => boolean;
}
