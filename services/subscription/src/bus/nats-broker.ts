import { isTransient, type Bus } from '@parley/bus';
import { isParleyError, parleyError } from '@parley/errors';
import { natsClasses } from '../domain/sink.ts';
import type { Broker } from '../usecases/broker.ts';
import { provision } from './downstream-consumers.ts';
import { currentPositions } from './stream-positions.ts';

/** The broker as the use cases know it. */
export function createNatsBroker(bus: Bus): Broker {
  return {
    currentPositions: () => brokerErrors(() => currentPositions(bus)),
    provision: (accountId, { subscriptionId, filter, startsAfter }) =>
      brokerErrors(() => provision(bus, accountId, { subscriptionId, startsAfter, classes: natsClasses(filter) })),
  };
}

/** Runs work on the broker; what the client throws becomes an error of the table, if it is one that can be expected. */
export async function brokerErrors<Result>(work: () => Promise<Result>): Promise<Result> {
  try {
    return await work();
  } catch (error) {
    if (isParleyError(error)) throw error;
    if (isRefusal(error)) {
      throw parleyError('subscription.invalid_sink', 'the account has no access to the broker', { cause: error });
    }
    throw isTransient(error) ? parleyError('bus.unavailable', 'the broker does not answer', { cause: error }) : error;
  }
}

/** The broker lets this service make consumers for those accounts only that were given a user of it. */
function isRefusal(error: unknown): boolean {
  if (!(error instanceof Error)) return false;
  return error.name === 'PermissionViolationError' || isRefusal(error.cause);
}
