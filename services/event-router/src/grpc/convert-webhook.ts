import { AttemptOutcome, type Attempt, type DeadLetter as DeadLetterMessage } from '@parley/contracts';
import { invalidArgument } from '@parley/errors';
import type { AttemptRecord } from '../domain/attempt.ts';
import type { ListedDeadLetter } from '../store/dead-letter-repository.ts';

const outcomes: Readonly<Record<AttemptRecord['outcome'], AttemptOutcome>> = {
  delivered: AttemptOutcome.DELIVERED,
  retry: AttemptOutcome.RETRY,
  dead: AttemptOutcome.DEAD,
};

export function toAttempt({ subscriptionId, eventId, callId, number, outcome, status, code, timeMs, latencyMs, excerpt }: AttemptRecord): Attempt {
  return {
    subscriptionId,
    eventId,
    callId,
    number,
    outcome: outcomes[outcome],
    httpStatus: status,
    code,
    time: new Date(timeMs),
    latencyMs: BigInt(latencyMs),
    responseExcerpt: excerpt,
  };
}

export function toDeadLetter({ subscriptionId, eventId, callId, reason, attempts, timeMs, diedAt }: ListedDeadLetter): DeadLetterMessage {
  return { subscriptionId, eventId, callId, reason, attempts, eventTime: new Date(timeMs), deathTime: diedAt };
}

/** @throws ParleyError `request.invalid_argument` */
export function required(values: Readonly<Record<string, string>>): void {
  const missing = Object.entries(values).filter(([, value]) => value === '');
  if (missing.length > 0) throw invalidArgument(missing.map(([field]) => ({ field, description: 'is missing' })));
}
