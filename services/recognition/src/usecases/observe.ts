import { isParleyError, parleyError } from '@parley/errors';
import { attributeNames, count } from '@parley/telemetry';
import { isMediaTime } from '../domain/admission.ts';
import { Intake, type Taken } from './intake.ts';
import type { QueueBounds } from './newest-wins-queue.ts';
import type { ObservationGrant, ObservationMessage, Refusal } from './observation-message.ts';
import type { ObservationStore } from './observation-store.ts';
import { ObservedSide, requireConsent, type Standing } from './observed-side.ts';
import type { OpenStreams } from './open-streams.ts';
import type { OpenRecognisers } from './recognisers.ts';
import { ResultsInOrder } from './results-in-order.ts';

export interface ObservePorts {
  readonly store: ObservationStore;
  readonly openRecognisers: OpenRecognisers;
  readonly streams: OpenStreams;
  /** Of the observations of one stream that wait to be analysed. */
  readonly bounds: QueueBounds;
  readonly progressMs: number;
  /** UTC. */
  readonly nowMs: () => number;
  /** Aborted when this process shuts down. */
  readonly stopping: AbortSignal;
}

export interface Answer extends Standing {
  readonly refusal?: Refusal;
}

/** Messages that are taken in but not stored yet; more of them have to wait in the connection. */
const MAX_OPEN = 1024;
const MAX_BATCH = 256;

/**
 * Observes one side of a call for as long as the device sends. Observations are analysed as they come, stored in the
 * order of their media time, and then answered, so that a device may forget what is acknowledged and nothing else.
 * @throws ParleyError auth.wrong_call, observation.not_consented, observation.no_capacity, observation.account_streams, observation.replaced, shutting_down, store.*
 */
export async function observe(
  grant: ObservationGrant,
  messages: AsyncIterable<ObservationMessage>,
  answer: (answer: Answer) => Promise<void>,
  ports: ObservePorts,
): Promise<void> {
  requireConsent(grant.consent);
  // Before the side is taken over: a stream that is refused must not end the one that another replica has.
  const stream = ports.streams.open(grant);
  try {
    const side = await ObservedSide.open(grant, ports);
    await answer(side.standing());
    const intake = new Intake(side.session, { ...ports, recognisers: ports.openRecognisers(grant.callId), mediaOriginMs: grant.mediaOriginMs });
    const results = new ResultsInOrder<Taken>({ maxOpen: MAX_OPEN, maxBatch: MAX_BATCH });
    const work = Promise.all([takeAll(messages, intake, results), storeAll(side, intake, results, answer)]);
    try {
      await unlessAborted(work, AbortSignal.any([stream.replaced, ports.stopping]));
    } finally {
      // What is not stored yet is not acknowledged: the device sends it again, to whoever it meets next. Stored now, what
      // failed only because this instance shuts down would count as refused, and what is sent again as a duplicate.
      intake.close();
      results.abandon();
    }
  } finally {
    stream.close();
  }
}

async function takeAll(messages: AsyncIterable<ObservationMessage>, intake: Intake, results: ResultsInOrder<Taken>): Promise<void> {
  for await (const message of messages) {
    const taken = intake.take(message);
    if (taken) await results.push(taken);
    if (results.hasEnded) return;
  }
  results.end();
}

async function storeAll(side: ObservedSide, intake: Intake, results: ResultsInOrder<Taken>, answer: (answer: Answer) => Promise<void>): Promise<void> {
  for await (const batch of results.batches()) {
    if (results.isAbandoned) return;
    await side.store(batch);
    countOutcomes(batch);
    intake.refresh(side.session);
    const standing = standingAfter(batch, side);
    for (const one of batch) {
      if (one.type !== 'finished' && one.refusal) await answer({ ...standing, refusal: one.refusal });
    }
    await answer(standing);
  }
}

/** Once the observation has ended, there is no use in sending anything again. */
function standingAfter(batch: readonly Taken[], side: ObservedSide): Standing {
  const standing = side.standing();
  if (!side.hasEnded) return standing;
  const claimed = batch.map(claimedMsOf).filter(isMediaTime);
  return { ...standing, acknowledgedThroughMs: Math.max(standing.acknowledgedThroughMs, ...claimed) };
}

function claimedMsOf(taken: Taken): number {
  switch (taken.type) {
    case 'observed':
      return taken.outcome.claimedMs;
    case 'refused':
      return taken.refusal.claimedMs;
    case 'finished':
      return taken.claimedMs;
  }
}

function countOutcomes(batch: readonly Taken[]): void {
  for (const one of batch) {
    if (one.type !== 'observed') continue;
    const { channel, result } = one.outcome;
    count('parley.recognition.observations', 1, { [attributeNames.channel]: channel, [attributeNames.outcome]: result.type });
  }
}

/** Rejects as soon as the signal aborts, whatever becomes of the work then. */
async function unlessAborted(work: Promise<unknown>, signal: AbortSignal): Promise<void> {
  const { promise: aborted, reject } = Promise.withResolvers<never>();
  const fail = (): void => reject(isParleyError(signal.reason) ? signal.reason : parleyError('shutting_down', 'this instance shuts down'));
  if (signal.aborted) fail();
  signal.addEventListener('abort', fail, { once: true });
  try {
    await Promise.race([work, aborted]);
  } finally {
    signal.removeEventListener('abort', fail);
  }
}
