import { findingsSubject, messageIdHeader, type StoredMessage } from '@parley/bus';
import { FindingsRecord, FindingsStep, FindingsTerms, type FindingsObservation, type NotMeasured } from '@parley/contracts';
import type { Channel } from '../domain/finding.ts';
import { RULES_VERSION, type RecognitionTerms } from '../domain/judgement.ts';
import type { Measurement } from '../domain/measurement.ts';
import type { Observation, Recorded } from '../domain/observation.ts';
import type { Command, Outcome } from '../domain/session.ts';
import { partyToProto } from './convert.ts';

/** What was taken in, as it goes on the FINDINGS stream, in the trace of the call. */
export function toFindingsMessage(recorded: Recorded, observation: Observation, time: Date): StoredMessage {
  const { accountId, callId, party, legId, policy, traceparent } = observation;
  const id = `${callId}-findings-${party}-${recorded.sequence}`;
  const record: FindingsRecord = {
    party: partyToProto[party],
    eventSequence: BigInt(recorded.eventSequence),
    rulesVersion: RULES_VERSION,
    legId,
    policyId: policy?.id ?? '',
    policyVersion: policy?.version ?? 0,
    steps: recorded.commands.map(toStep),
  };
  return {
    subject: findingsSubject(accountId, callId),
    headers: {
      'ce-specversion': '1.0',
      'ce-id': id,
      'ce-source': `/${accountId}/calls/${callId}/findings/${party}`,
      'ce-type': 'recognition.findings_recorded',
      'ce-subject': callId,
      'ce-time': time.toISOString(),
      'ce-sequence': String(recorded.sequence),
      'ce-dataschema': 'parley.reaction.v1.FindingsRecord',
      'content-type': 'application/protobuf',
      [messageIdHeader]: id,
      ...(traceparent !== '' && { traceparent }),
    },
    payload: FindingsRecord.encode(record).finish(),
  };
}

/** @throws RangeError for a record of a later version, which knows steps that this one does not */
export function fromFindingsRecord({ steps }: FindingsRecord): Command[] {
  return steps.map(fromStep);
}

function toStep(command: Command): FindingsStep {
  return FindingsStep.create({ step: stepOf(command) });
}

function stepOf(command: Command): FindingsStep['step'] {
  switch (command.type) {
    case 'observe': {
      const { outcomes, terms, progressMs } = command;
      return { $case: 'observed', value: { observations: outcomes.map(toObservation), terms: toTerms(terms), progressMs: BigInt(progressMs) } };
    }
    case 'finish':
      return { $case: 'finished', value: { claimedMs: BigInt(command.claimedMs), atMs: BigInt(command.atMs) } };
    case 'start_video':
      return { $case: 'videoStarted', value: { atMs: BigInt(command.atMs), consents: command.consents } };
    case 'stop_video':
      return { $case: 'videoStopped', value: { atMs: BigInt(command.atMs) } };
    case 'complete':
      return { $case: 'completed', value: { atMs: BigInt(command.atMs) } };
    case 'expire':
      return { $case: 'expired', value: {} };
  }
}

function fromStep({ step }: FindingsStep): Command {
  switch (step?.$case) {
    case 'observed': {
      const { observations, terms, progressMs } = step.value;
      return { type: 'observe', outcomes: observations.map(fromObservation), terms: fromTerms(terms ?? FindingsTerms.create()), progressMs: Number(progressMs) };
    }
    case 'finished':
      return { type: 'finish', claimedMs: Number(step.value.claimedMs), atMs: Number(step.value.atMs) };
    case 'videoStarted':
      return { type: 'start_video', atMs: Number(step.value.atMs), consents: step.value.consents };
    case 'videoStopped':
      return { type: 'stop_video', atMs: Number(step.value.atMs) };
    case 'completed':
      return { type: 'complete', atMs: Number(step.value.atMs) };
    case 'expired':
      return { type: 'expire' };
    case undefined:
      throw new RangeError('a step of the record is not known here');
  }
}

const termNames = ['faceAbsentMs', 'voiceAbsentMs', 'textAbsentMs', 'textHoldMs', 'maxGapMs', 'livenessMs'] as const;

function toTerms(terms: RecognitionTerms): FindingsTerms {
  const milliseconds = Object.fromEntries(termNames.map((name) => [name, BigInt(terms[name])])) as Record<(typeof termNames)[number], bigint>;
  return { ...milliseconds, minFaceAreaRatio: terms.minFaceAreaRatio };
}

function fromTerms(terms: FindingsTerms): RecognitionTerms {
  const milliseconds = Object.fromEntries(termNames.map((name) => [name, Number(terms[name])])) as Record<(typeof termNames)[number], number>;
  return { ...milliseconds, minFaceAreaRatio: terms.minFaceAreaRatio };
}

function toObservation({ channel, claimedMs, atMs, result }: Outcome): FindingsObservation {
  return {
    claimedMs: BigInt(claimedMs),
    atMs: BigInt(atMs),
    result: result.type === 'measured' ? toMeasured(result.measurement) : { $case: 'notMeasured', value: { channel, reason: result.type } },
  };
}

function toMeasured(measurement: Measurement): FindingsObservation['result'] {
  switch (measurement.channel) {
    case 'face': {
      const { channel: _, ...value } = measurement;
      return { $case: 'face', value: { ...value, shape: [...value.shape] } };
    }
    case 'voice': {
      const { channel: _, ...value } = measurement;
      return { $case: 'voice', value };
    }
    case 'text': {
      const { kind, readable, digest } = measurement;
      return { $case: 'text', value: { typing: kind === 'typing', readable, digest } };
    }
  }
}

function fromObservation({ claimedMs, atMs, result }: FindingsObservation): Outcome {
  const times = { claimedMs: Number(claimedMs), atMs: Number(atMs) };
  switch (result?.$case) {
    case 'face':
      return measured({ channel: 'face', ...result.value }, times);
    case 'voice':
      return measured({ channel: 'voice', ...result.value }, times);
    case 'text': {
      const { typing, readable, digest } = result.value;
      return measured({ channel: 'text', kind: typing ? 'typing' : 'message', readable, digest }, times);
    }
    case 'notMeasured':
      return { ...times, channel: channelOf(result.value), result: { type: result.value.reason === 'skipped' ? 'skipped' : 'refused' } };
    case undefined:
      throw new RangeError('a result of the record is not known here');
  }
}

function measured(measurement: Measurement, times: Pick<Outcome, 'claimedMs' | 'atMs'>): Outcome {
  return { ...times, channel: measurement.channel, result: { type: 'measured', measurement } };
}

function channelOf({ channel }: NotMeasured): Channel {
  if (channel === 'face' || channel === 'voice' || channel === 'text') return channel;
  throw new RangeError(`the channel ${channel} is not known here`);
}
