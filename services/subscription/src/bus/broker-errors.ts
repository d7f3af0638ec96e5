import { JetStreamApiCodes, JetStreamApiError } from '@nats-io/jetstream';
import { isTransient } from '@parley/bus';
import { isParleyError, parleyError } from '@parley/errors';

/** Runs work on the broker; what the client throws becomes an error of the table, if it is one that can be expected. */
export async function brokerErrors<Result>(work: () => Promise<Result>): Promise<Result> {
  try {
    return await work();
  } catch (error) {
    if (isParleyError(error)) throw error;
    throw isTransient(error) || isAway(error) ? parleyError('bus.unavailable', 'the broker does not answer', { cause: error }) : error;
  }
}

const unavailable = 503;

/** A stream without a leader, or a broker whose streams are not declared yet. */
function isAway(error: unknown): boolean {
  return error instanceof JetStreamApiError && (error.status === unavailable || error.code === JetStreamApiCodes.StreamNotFound);
}
