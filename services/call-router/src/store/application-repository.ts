import { ensureIndexes, isDuplicateKey, storeErrors } from '@parley/store';
import type { Db } from 'mongodb';
import type { Application, ApplicationSettings } from '../domain/application/application.ts';

interface ApplicationDocument extends Application {
  /** `<account>/<application>`: what the hot path knows. */
  readonly _id: string;
}

interface AddressDocument {
  /** `<account>/<address>` */
  readonly _id: string;
  readonly accountId: string;
  readonly address: string;
  readonly applicationId: string;
}

export interface ApplicationRepository {
  /** @returns the application of that id that was there before, if one was */
  insert(application: Application): Promise<Application | undefined>;
  find(accountId: string, applicationId: string): Promise<Application | undefined>;
  /** @returns the application after it, or undefined if there is none */
  update(accountId: string, applicationId: string, settings: ApplicationSettings): Promise<Application | undefined>;
  /** In the order of their ids, those after `after` (empty: from the first one). */
  list(accountId: string, after: string, limit: number): Promise<Application[]>;
  /** Binds the address, taking it from whichever application of the account had it. */
  assign(accountId: string, address: string, applicationId: string): Promise<void>;
  /** The application that an address of the account is bound to. */
  atAddress(accountId: string, address: string): Promise<Application | undefined>;
  addressesOf(accountId: string, applicationId: string): Promise<string[]>;
}

/** Applications and their addresses; makes the indexes. */
export async function createApplicationRepository(db: Db): Promise<ApplicationRepository> {
  const applications = db.collection<ApplicationDocument>('applications');
  const addresses = db.collection<AddressDocument>('addresses');
  await ensureIndexes(db, [{ collection: 'addresses', keys: { accountId: 1, applicationId: 1 } }]);
  const find = async (accountId: string, applicationId: string) =>
    withoutId(await storeErrors(() => applications.findOne({ _id: key(accountId, applicationId) })));
  return {
    insert: (application) => storeErrors(async () => {
      try {
        await applications.insertOne({ _id: key(application.accountId, application.applicationId), ...application });
        return undefined;
      } catch (error) {
        if (isDuplicateKey(error)) return find(application.accountId, application.applicationId);
        throw error;
      }
    }),
    find,
    update: async (accountId, applicationId, settings) => {
      await storeErrors(() => applications.updateOne({ _id: key(accountId, applicationId) }, { $set: settings }));
      return find(accountId, applicationId);
    },
    list: async (accountId, after, limit) => {
      // '0' follows '/': the end of the account's range of ids.
      const range = { _id: { $gt: key(accountId, after), $lt: `${accountId}0` } };
      const found = await storeErrors(() => applications.find(range).sort({ _id: 1 }).limit(limit).toArray());
      return found.map((doc) => withoutId(doc)!);
    },
    assign: async (accountId, address, applicationId) => {
      const _id = key(accountId, address);
      await storeErrors(() => addresses.replaceOne({ _id }, { accountId, address, applicationId }, { upsert: true }));
    },
    atAddress: async (accountId, address) => {
      const bound = await storeErrors(() => addresses.findOne({ _id: key(accountId, address) }));
      return bound === null ? undefined : find(accountId, bound.applicationId);
    },
    addressesOf: async (accountId, applicationId) => {
      const found = await storeErrors(() => addresses.find({ accountId, applicationId }).toArray());
      return found.map(({ address }) => address).toSorted();
    },
  };
}

function key(accountId: string, id: string): string {
  return `${accountId}/${id}`;
}

function withoutId(doc: ApplicationDocument | null): Application | undefined {
  if (doc === null) return undefined;
  const { _id, ...application } = doc;
  return application;
}
