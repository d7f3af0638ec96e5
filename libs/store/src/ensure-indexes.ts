import type { Db } from 'mongodb';
import { storeErrors } from './store-error.ts';

export interface IndexDeclaration {
  readonly collection: string;
  /** Fields in order: 1 ascending, -1 descending. */
  readonly keys: Readonly<Record<string, 1 | -1>>;
  /** Every document has to set each field then: the embedded database lets missing ones repeat, MongoDB does not. */
  readonly unique?: true;
}

/** Creates what is missing; the same declaration again does nothing. Changing one needs a migration. */
export async function ensureIndexes(db: Db, declarations: readonly IndexDeclaration[]): Promise<void> {
  for (const { collection, keys, unique } of declarations) {
    await storeErrors(() => db.collection(collection).createIndex({ ...keys }, unique === true ? { unique } : {}));
  }
}
