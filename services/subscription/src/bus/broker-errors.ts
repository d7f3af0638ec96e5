import { isTransient } from '@parley/bus';
import { isParleyError, parleyError } from '@parley/errors';

/** Runs work on the broker; what the client throws becomes an error of the table, if it is one that can be expected. */
export async function brokerErrors<Result>(work: () => Promise<Result>): Promise<Result> {
  try {
    return await work();
  } catch (error) {
    if (isParleyError(error)) throw error;
    throw isTransient(error) ? parleyError('bus.unavailable', 'the broker does not answer', { cause: error }) : error;
  }
}
