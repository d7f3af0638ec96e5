import { logger } from '@parley/telemetry';
import type { RouterPorts } from './router-ports.ts';

const log = logger('calls');

/** Another router is gone, and with it the connections of the devices that it held: legs of this router's calls end. */
export function loseRouter({ calls, lines, now }: Pick<RouterPorts, 'calls' | 'lines' | 'now'>, instance: string, atMs: number | undefined): void {
  for (const { callId, legId } of lines.legsAt(instance)) {
    const lost = calls.get(callId)?.submit({ kind: 'device_lost', legId }, atMs ?? now());
    lost?.catch((error: unknown) => log.warn({ err: error, callId, legId }, 'a leg of a lost router was not ended'));
  }
}
