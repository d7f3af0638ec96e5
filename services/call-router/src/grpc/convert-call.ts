import { CallStatus, EndCause, type Call, type Leg as LegProto } from '@parley/contracts';
import type { ExistingCall } from '../domain/call/call-state.ts';
import type { Leg } from '../domain/call/leg.ts';
import { directionProto, endCauses, finalStatuses } from './enums.ts';

export function callProto(call: ExistingCall): Call {
  return {
    callId: call.callId,
    applicationId: call.application.applicationId,
    legs: call.legs.map(legProto),
    mediaOriginTime: dateOf(call.mediaOriginMs),
    nextSequence: BigInt(call.nextSequence),
  };
}

function legProto(leg: Leg): LegProto {
  const isAnswered = leg.kind === 'in_progress' || leg.kind === 'ended';
  return {
    legId: leg.legId,
    parentLegId: leg.parentLegId ?? '',
    from: leg.from,
    to: leg.to,
    direction: directionProto(leg.direction),
    status: statusProto(leg),
    endCause: leg.kind === 'ended' ? endCauses[leg.cause] : EndCause.UNSPECIFIED,
    initiatedTime: new Date(leg.initiatedMs),
    answeredTime: isAnswered ? dateOf(leg.answeredMs) : undefined,
    completedTime: leg.kind === 'ended' ? new Date(leg.completedMs) : undefined,
  };
}

function statusProto(leg: Leg): CallStatus {
  switch (leg.kind) {
    case 'initiated':
      return CallStatus.INITIATED;
    case 'ringing':
      return CallStatus.RINGING;
    case 'in_progress':
      return CallStatus.IN_PROGRESS;
    case 'ended':
      return finalStatuses[leg.status];
  }
}

function dateOf(ms: number | undefined): Date | undefined {
  return ms === undefined ? undefined : new Date(ms);
}
