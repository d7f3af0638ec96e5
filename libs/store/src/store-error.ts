import { ParleyError, parleyError } from '@parley/errors';
import { MongoError, MongoNetworkError, MongoOperationTimeoutError, MongoServerError, MongoServerSelectionError } from 'mongodb';

const duplicateKey = 11_000;

/** Whether a write was refused because its key, or a unique index, has the value already. */
export function isDuplicateKey(error: unknown): boolean {
  return error instanceof MongoServerError && error.code === duplicateKey;
}

/** Whether it is not known if a write happened: the connection broke or the answer did not come. */
export function isUncertain(error: unknown): boolean {
  return (
    error instanceof MongoNetworkError ||
    error instanceof MongoServerSelectionError ||
    error instanceof MongoOperationTimeoutError ||
    (error instanceof MongoError && (error.hasErrorLabel('RetryableWriteError') || error.hasErrorLabel('RetryableError')))
  );
}

/** Runs database work; what the driver throws becomes store.unavailable, store.duplicate or stays as it is. */
export async function storeErrors<T>(work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (error) {
    throw asStoreError(error);
  }
}

function asStoreError(error: unknown): unknown {
  if (error instanceof ParleyError) {
    return error;
  }
  if (isDuplicateKey(error)) {
    return parleyError('store.duplicate', 'a document with this key exists', { cause: error });
  }
  return isUncertain(error) ? parleyError('store.unavailable', 'the database does not answer', { cause: error }) : error;
}
