import { describe, expect, test } from '@jest/globals';
import { ConnectRequest, ConnectResponse, MediaKind } from '@parley/contracts';
import type { DeviceCommand } from '../domain/call/call-command.ts';
import type { DeviceMessage } from '../domain/call/device-message.ts';
import { commandProto, intentFromProto, messageFromProto, messageProto } from './convert-device.ts';

const legId = 'CA1';

const commands: { readonly [K in Exclude<DeviceCommand['kind'], 'device_lost' | 'device_unreachable'>]: Extract<DeviceCommand, { kind: K }> } = {
  report_ringing: { kind: 'report_ringing', legId },
  answer: { kind: 'answer', legId, consents: false },
  decline: { kind: 'decline', legId },
  hang_up: { kind: 'hang_up', legId },
  send_digits: { kind: 'send_digits', legId, digits: '1#' },
  send_text: { kind: 'send_text', legId, text: 'ü' },
  start_video: { kind: 'start_video', legId },
  stop_video: { kind: 'stop_video', legId },
};

const messages: { readonly [K in DeviceMessage['kind']]: Extract<DeviceMessage, { kind: K }> } = {
  call_placed: { kind: 'call_placed', requestId: 'r', callId: legId, legId },
  incoming_call: { kind: 'incoming_call', callId: 'CA0', legId, from: '+15550100', to: 'client:bob' },
  leg_ringing: { kind: 'leg_ringing', legId },
  leg_answered: { kind: 'leg_answered', legId },
  leg_bridged: { kind: 'leg_bridged', legId, otherLegId: 'CA2' },
  leg_ended: { kind: 'leg_ended', legId, status: 'no-answer', cause: 'no_answer' },
  digits_received: { kind: 'digits_received', legId, digits: '1' },
  text_received: { kind: 'text_received', legId, text: 'hi' },
  video_ended: { kind: 'video_ended', legId, cause: 'grant_lapsed' },
  observation_granted: { kind: 'observation_granted', legId, token: 't', party: 'callee', mediaOriginMs: 1_700_000_000_123 },
};

describe('over the wire and back', () => {
  test.each(Object.values(commands))('what a device says: $kind', (command) => {
    const bytes = ConnectRequest.encode({ message: commandProto(command) }).finish();
    expect(intentFromProto(ConnectRequest.decode(bytes))).toEqual({ kind: 'command', command });
  });

  test.each(Object.values(messages))('what a device is told: $kind', (message) => {
    const bytes = ConnectResponse.encode({ message: messageProto(message) }).finish();
    expect(messageFromProto(ConnectResponse.decode(bytes))).toEqual(message);
  });

  test('a lost device says nothing', () => {
    expect(commandProto({ kind: 'device_lost', legId })).toBeUndefined();
  });
});

test('what is no command of a device has a code', () => {
  expect(() => intentFromProto({ message: undefined })).toThrow('no command');
  expect(() => intentFromProto({ message: { $case: 'stopMedia', value: { legId, kind: MediaKind.UNSPECIFIED } } })).toThrow('only video');
  expect(() => messageFromProto({ message: { $case: 'draining', value: {} } })).toThrow('not one for a device on a leg');
});
