import { storeErrors } from '@parley/store';
import type { Db } from 'mongodb';

/** Circuits that are open at some replica, so that each replica can tell. Each replica decides by its own. */
export interface CircuitRepository {
  put(subscriptionId: string, instance: string, until: Date): Promise<void>;
  remove(subscriptionId: string, instance: string): Promise<void>;
  /** Whether it is open, or was until a moment ago: a replica that ended with it open does not say that it closed. */
  isOpen(subscriptionId: string, since: Date): Promise<boolean>;
}

interface CircuitDocument {
  /** `<subscription>/<instance>` */
  readonly _id: string;
  readonly subscriptionId: string;
  readonly until: Date;
}

/** Few: these queries need no index. */
export function createCircuitRepository(db: Db): CircuitRepository {
  const circuits = db.collection<CircuitDocument>('webhook_circuits');
  const idOf = (subscriptionId: string, instance: string) => `${subscriptionId}/${instance}`;
  return {
    put: (subscriptionId, instance, until) =>
      storeErrors(async () => {
        await circuits.updateOne({ _id: idOf(subscriptionId, instance) }, { $set: { subscriptionId, until } }, { upsert: true });
      }),
    remove: (subscriptionId, instance) => storeErrors(async () => void (await circuits.deleteOne({ _id: idOf(subscriptionId, instance) }))),
    isOpen: (subscriptionId, since) => storeErrors(async () => (await circuits.findOne({ subscriptionId, until: { $gt: since } })) !== null),
  };
}
