import { JetStreamApiCodes, JetStreamApiError } from '@nats-io/jetstream';
import { subscriptionsStream, type Bus } from '@parley/bus';
import { SubscriptionChanged } from '@parley/contracts';
import { parleyError } from '@parley/errors';

export interface PublishedChange {
  readonly subject: string;
  readonly revision: number;
  /** An encoded SubscriptionChanged. */
  readonly payload: Uint8Array;
}

const attempts = 10;

/**
 * Publishes a change, unless that or a later one stands on the subject. The stream keeps the last message of each
 * subject, so a publish that was delayed, in a replica that was paused, must not replace a later one.
 * @throws ParleyError `bus.unavailable`
 */
export async function publishChange(bus: Bus, { subject, revision, payload }: PublishedChange): Promise<void> {
  for (let attempt = 0; attempt < attempts; attempt += 1) {
    const last = await bus.jsm.streams.getMessage(subscriptionsStream, { last_by_subj: subject });
    if (last !== null && SubscriptionChanged.decode(last.data).revision >= BigInt(revision)) return;
    try {
      await bus.js.publish(subject, payload, { expect: { lastSubjectSequence: last?.seq ?? 0 } });
      return;
    } catch (error) {
      if (!isOvertaken(error)) throw error;
    }
  }
  throw parleyError('bus.unavailable', 'the change could not be published: others are always faster');
}

function isOvertaken(error: unknown): boolean {
  const { StreamWrongLastSequence, StreamWrongLastSequenceUnknown } = JetStreamApiCodes;
  return error instanceof JetStreamApiError && (error.code === StreamWrongLastSequence || error.code === StreamWrongLastSequenceUnknown);
}
