import { logger } from '@parley/telemetry';
import type { RouterPorts } from './router-ports.ts';

const log = logger('calls');

/** A write of the dead router may arrive late and win against the first try. */
const mostRounds = 5;

/**
 * Ends what a router left, as of `atMs`: its live calls with cause router_lost; status callbacks that are not out go on
 * from here. Idempotent; of several routers that try, one gets each call.
 */
export async function adoptCalls({ calls, callDocuments }: Pick<RouterPorts, 'calls' | 'callDocuments'>, owner: string, atMs: number): Promise<void> {
  for (let round = 0; round < mostRounds; round += 1) {
    const callIds = await callDocuments.openCallsOf(owner);
    if (callIds.length === 0) return;
    for (const callId of callIds) {
      const doc = await callDocuments.load(callId);
      if (doc === undefined || doc.owner !== owner || !doc.open) continue;
      const adopted = await calls.adopt(doc, atMs);
      if (adopted !== undefined) log.warn({ callId, owner }, 'adopted a call of a router that is gone');
    }
  }
}

/**
 * At the start: calls of routers of which not even a lease is left, for example because the broker's data were lost.
 * They end at their last event.
 * @param isKnown whether a router has a lease; asked after the calls were found, so that one that has just started counts
 */
export async function adoptOrphans(ports: Pick<RouterPorts, 'calls' | 'callDocuments' | 'instance'>, isKnown: (instance: string) => Promise<boolean>): Promise<void> {
  for (const owner of await ports.callDocuments.ownersOfOpenCalls()) {
    if (owner !== ports.instance && !(await isKnown(owner))) await adoptCalls(ports, owner, 0);
  }
}
