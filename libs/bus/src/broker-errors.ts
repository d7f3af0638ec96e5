import { JetStreamApiCodes, JetStreamApiError } from '@nats-io/jetstream';
import { isParleyError, parleyError } from '@parley/errors';
import { isTransient } from './failure.ts';

/**
 * Runs work on the broker for somebody who waits for it.
 * @throws ParleyError `bus.unavailable` for what the client throws when the broker, or a stream's leader, is away; all else as it is
 */
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
