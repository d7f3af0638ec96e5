import { MediaKind, Party, type ConnectRequest, type ConnectResponse } from '@parley/contracts';
import { parleyError } from '@parley/errors';
import type { DeviceIntent } from '../devices/device-port.ts';
import type { DeviceCommand } from '../domain/call/call-command.ts';
import type { DeviceMessage } from '../domain/call/device-message.ts';
import { endCauses, finalStatuses, partyProto, wordOf } from './enums.ts';

type Request = NonNullable<ConnectRequest['message']>;
type Response = NonNullable<ConnectResponse['message']>;

/** @throws ParleyError device.unknown_command, request.invalid_argument */
export function intentFromProto({ message }: ConnectRequest): DeviceIntent {
  if (message === undefined) throw parleyError('device.unknown_command', 'the message has no command that is known');
  switch (message.$case) {
    case 'register':
      return { kind: 'register' };
    case 'placeCall':
      return { kind: 'place_call', requestId: message.value.requestId, to: message.value.to, consents: message.value.observationConsent };
    case 'audio':
      return { kind: 'audio', legId: message.value.legId, pcm: message.value.pcm };
    default:
      return { kind: 'command', command: commandFromProto(message) };
  }
}

function commandFromProto(message: Exclude<Request, { $case: 'register' | 'placeCall' | 'audio' }>): DeviceCommand {
  const { legId } = message.value;
  switch (message.$case) {
    case 'reportRinging':
      return { kind: 'report_ringing', legId };
    case 'answer':
      return { kind: 'answer', legId, consents: message.value.observationConsent };
    case 'decline':
      return { kind: 'decline', legId };
    case 'hangUp':
      return { kind: 'hang_up', legId };
    case 'sendDigits':
      return { kind: 'send_digits', legId, digits: message.value.digits };
    case 'sendText':
      return { kind: 'send_text', legId, text: message.value.text };
    case 'startMedia':
    case 'stopMedia':
      if (message.value.kind !== MediaKind.VIDEO) throw parleyError('request.invalid_argument', 'kind: only video can be started and stopped');
      return { kind: message.$case === 'startMedia' ? 'start_video' : 'stop_video', legId };
  }
}

/** What a device said, for the router that holds the call. Undefined: its connection was lost. */
export function commandProto(command: DeviceCommand): Request | undefined {
  const { legId } = command;
  switch (command.kind) {
    case 'report_ringing':
      return { $case: 'reportRinging', value: { legId } };
    case 'answer':
      return { $case: 'answer', value: { legId, observationConsent: command.consents } };
    case 'decline':
      return { $case: 'decline', value: { legId } };
    case 'hang_up':
      return { $case: 'hangUp', value: { legId } };
    case 'send_digits':
      return { $case: 'sendDigits', value: { legId, digits: command.digits } };
    case 'send_text':
      return { $case: 'sendText', value: { legId, text: command.text } };
    case 'start_video':
      return { $case: 'startMedia', value: { legId, kind: MediaKind.VIDEO } };
    case 'stop_video':
      return { $case: 'stopMedia', value: { legId, kind: MediaKind.VIDEO } };
    case 'device_unreachable':
    case 'device_lost':
      return undefined;
  }
}

export function messageProto(message: DeviceMessage): Response {
  switch (message.kind) {
    case 'call_placed':
      return { $case: 'callPlaced', value: { requestId: message.requestId, callId: message.callId, legId: message.legId } };
    case 'incoming_call':
      return { $case: 'incomingCall', value: { callId: message.callId, legId: message.legId, from: message.from, to: message.to } };
    case 'leg_ringing':
      return { $case: 'legRinging', value: { legId: message.legId } };
    case 'leg_answered':
      return { $case: 'legAnswered', value: { legId: message.legId } };
    case 'leg_bridged':
      return { $case: 'legBridged', value: { legId: message.legId, otherLegId: message.otherLegId } };
    case 'leg_ended':
      return { $case: 'legEnded', value: { legId: message.legId, status: finalStatuses[message.status], cause: endCauses[message.cause] } };
    case 'digits_received':
      return { $case: 'digitsReceived', value: { legId: message.legId, digits: message.digits } };
    case 'text_received':
      return { $case: 'textReceived', value: { legId: message.legId, text: message.text } };
    case 'video_ended':
      return { $case: 'mediaEnded', value: { legId: message.legId, kind: MediaKind.VIDEO, cause: endCauses[message.cause] } };
    case 'observation_granted':
      return { $case: 'observationGranted', value: observationProto(message) };
  }
}

function observationProto({ legId, token, party, mediaOriginMs }: Extract<DeviceMessage, { kind: 'observation_granted' }>) {
  return { legId, token, party: partyProto(party), mediaOriginTime: new Date(mediaOriginMs) };
}

/** What another router has for a device of this one. @throws ParleyError request.malformed: not such a message */
export function messageFromProto({ message }: ConnectResponse): DeviceMessage {
  switch (message?.$case) {
    case 'callPlaced':
      return { kind: 'call_placed', ...message.value };
    case 'incomingCall':
      return { kind: 'incoming_call', ...message.value };
    case 'legRinging':
      return { kind: 'leg_ringing', ...message.value };
    case 'legAnswered':
      return { kind: 'leg_answered', ...message.value };
    case 'legBridged':
      return { kind: 'leg_bridged', ...message.value };
    case 'legEnded':
      return legEndedFromProto(message.value);
    case 'digitsReceived':
      return { kind: 'digits_received', ...message.value };
    case 'textReceived':
      return { kind: 'text_received', ...message.value };
    case 'mediaEnded':
      return { kind: 'video_ended', legId: message.value.legId, cause: wordOf(endCauses, message.value.cause) ?? 'internal' };
    case 'observationGranted':
      return observationFromProto(message.value);
    default:
      throw parleyError('request.malformed', 'the message is not one for a device on a leg');
  }
}

function legEndedFromProto({ legId, status, cause }: Extract<Response, { $case: 'legEnded' }>['value']): DeviceMessage {
  return { kind: 'leg_ended', legId, status: wordOf(finalStatuses, status) ?? 'failed', cause: wordOf(endCauses, cause) ?? 'internal' };
}

function observationFromProto({ legId, token, party, mediaOriginTime }: Extract<Response, { $case: 'observationGranted' }>['value']): DeviceMessage {
  if (mediaOriginTime === undefined) throw parleyError('request.malformed', 'media_origin_time is missing');
  return { kind: 'observation_granted', legId, token, party: party === Party.CALLEE ? 'callee' : 'caller', mediaOriginMs: mediaOriginTime.getTime() };
}
