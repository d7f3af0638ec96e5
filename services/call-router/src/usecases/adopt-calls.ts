import { logger } from '@parley/telemetry';
import type { RouterPorts } from './router-ports.ts';

const log = logger('calls');

/** A write of the dead router may arrive late and win against the first try. */
const mostRounds = 5;

type AdoptPorts = Pick<RouterPorts, 'calls' | 'callDocuments' | 'instance'>;

/**
 * Ends what a router left, as of `atMs`: its live calls with cause router_lost; status callbacks that are not out go on
 * from here. Idempotent; of several routers that try, one gets each call. One that cannot be adopted stops no other.
 * @throws the first failure, after all were tried: ask again
 */
export async function adoptCalls(ports: AdoptPorts, owner: string, atMs: number): Promise<void> {
  for (let round = 0; round < mostRounds; round += 1) {
    const callIds = [...(await unservedCalls(ports)), ...(await ports.callDocuments.openCallsOf(owner))];
    if (callIds.length === 0) return;
    const failures: unknown[] = [];
    for (const callId of callIds) {
      await adoptCall(ports, callId, owner, atMs).catch((error: unknown) => {
        log.warn({ err: error, callId, owner }, 'a call of a router that is gone was not adopted');
        failures.push(error);
      });
    }
    if (failures.length > 0) throw failures[0];
  }
}

/** Adopted earlier, but the answer to that write was lost: this router owns them by now, and nobody serves them. */
async function unservedCalls({ calls, callDocuments, instance }: AdoptPorts): Promise<string[]> {
  const callIds = await callDocuments.openCallsOf(instance);
  return callIds.filter((callId) => calls.get(callId) === undefined);
}

async function adoptCall({ calls, callDocuments, instance }: AdoptPorts, callId: string, owner: string, atMs: number): Promise<void> {
  // One that is being placed or adopted here is not left behind.
  if ((await calls.settled(callId)) !== undefined) return;
  const doc = await callDocuments.load(callId);
  if (doc === undefined || !doc.open || (doc.owner !== owner && doc.owner !== instance)) return;
  const adopted = await calls.adopt(doc, atMs);
  if (adopted !== undefined) log.warn({ callId, owner: doc.owner }, 'adopted a call of a router that is gone');
}

/**
 * At the start: calls of routers of which not even a lease is left, for example because the broker's data were lost.
 * They end at their last event. What cannot be adopted keeps no router from starting: it waits for the next start.
 * @param isKnown whether a router has a lease; asked after the calls were found, so that one that has just started counts
 */
export async function adoptOrphans(ports: AdoptPorts, isKnown: (instance: string) => Promise<boolean>): Promise<void> {
  for (const owner of await ports.callDocuments.ownersOfOpenCalls()) {
    if (owner === ports.instance || (await isKnown(owner))) continue;
    await adoptCalls(ports, owner, 0).catch((error: unknown) => log.warn({ err: error, owner }, 'not all orphaned calls were adopted'));
  }
}
