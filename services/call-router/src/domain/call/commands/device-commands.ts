import type { ErrorCode } from '@parley/errors';
import { endDialledLeg } from '../../twiml/verbs/dial.ts';
import type { DeviceCommand } from '../call-command.ts';
import { findLeg, rootLeg } from '../call-state.ts';
import { endCall } from '../ending.ts';
import { startVideo, stopVideo } from '../video.ts';
import { isLive, statusWhenCut, type AnsweredLeg, type EndCause, type FinalStatus, type LiveLeg } from '../leg.ts';
import type { Turn } from '../turn.ts';

const longestDigits = 32;
const longestTextBytes = 4096;

/** @returns the code of a refusal */
export function onDeviceCommand(turn: Turn, command: DeviceCommand): ErrorCode | undefined {
  const leg = findLeg(turn.call, command.legId);
  if (leg === undefined) return 'not_found.leg';
  if (!isLive(leg)) return 'call.ended';
  switch (command.kind) {
    case 'report_ringing':
      return reportRinging(turn, leg);
    case 'answer':
      return answer(turn, leg, command.consents);
    case 'decline':
      return isCalled(leg) ? endByDevice(turn, leg, 'busy', 'busy') : 'call.wrong_state';
    case 'hang_up':
      return hangUp(turn, leg);
    case 'device_unreachable':
      return endByDevice(turn, leg, statusWhenCut(leg, 'failed'), leg.kind === 'in_progress' ? 'device_lost' : 'unreachable');
    case 'device_lost':
      return endByDevice(turn, leg, statusWhenCut(leg, 'failed'), 'device_lost');
    default:
      return leg.kind === 'in_progress' ? onMediaCommand(turn, leg, command) : 'call.wrong_state';
  }
}

type MediaCommand = Extract<DeviceCommand, { kind: 'send_digits' | 'send_text' | 'start_video' | 'stop_video' }>;

function onMediaCommand(turn: Turn, leg: AnsweredLeg, command: MediaCommand): ErrorCode | undefined {
  switch (command.kind) {
    case 'send_digits':
      if (!/^[0-9*#A-D]+$/.test(command.digits) || command.digits.length > longestDigits) return 'device.invalid_digits';
      turn.emit(leg.legId, { kind: 'digits_received', digits: command.digits });
      return undefined;
    case 'send_text':
      if (utf8Length(command.text) > longestTextBytes) return 'device.text_too_large';
      turn.emit(leg.legId, { kind: 'text_received', text: command.text });
      return undefined;
    case 'start_video':
      if (turn.call.videoLapsed) return 'call.grant_lapsed';
      if (leg.video) return 'call.wrong_state';
      startVideo(turn, leg);
      return undefined;
    case 'stop_video':
      if (!leg.video) return 'call.wrong_state';
      stopVideo(turn, leg);
      return undefined;
  }
}

/** Bytes in UTF-8, which is what goes over the wire; a lone surrogate takes the three of U+FFFD. */
function utf8Length(text: string): number {
  let bytes = 0;
  for (const character of text) {
    const code = character.codePointAt(0)!;
    bytes += code < 0x80 ? 1 : code < 0x8_00 ? 2 : code < 0x1_00_00 ? 3 : 4;
  }
  return bytes;
}

/** The device was called, rather than calling. */
function isCalled(leg: LiveLeg): boolean {
  return leg.direction !== 'inbound' && leg.kind !== 'in_progress';
}

function reportRinging(turn: Turn, leg: LiveLeg): ErrorCode | undefined {
  if (leg.kind !== 'initiated' || !isCalled(leg)) return 'call.wrong_state';
  turn.emit(leg.legId, { kind: 'ringing' });
  return undefined;
}

function answer(turn: Turn, leg: LiveLeg, consents: boolean): ErrorCode | undefined {
  if (!isCalled(leg)) return 'call.wrong_state';
  turn.emit(leg.legId, { kind: 'answered', ...(consents && { consents }) });
  const root = rootLeg(turn.call);
  if (leg.legId === root.legId) return undefined;
  turn.emit(root.legId, { kind: 'bridged', otherLegId: leg.legId });
  // It was displayed before there was anybody to be seen: whether who is seen now has consented is known only now.
  if (root.kind === 'in_progress' && root.video) startVideo(turn, root);
  return undefined;
}

function hangUp(turn: Turn, leg: LiveLeg): ErrorCode | undefined {
  if (leg.kind === 'in_progress') return endByDevice(turn, leg, 'completed', 'hangup');
  return isCalled(leg) ? endByDevice(turn, leg, 'busy', 'busy') : endByDevice(turn, leg, 'canceled', 'canceled');
}

function endByDevice(turn: Turn, leg: LiveLeg, status: FinalStatus, cause: EndCause): undefined {
  if (leg.parentLegId === undefined) endCall(turn, cause, status);
  else endDialledLeg(turn, leg, status, cause);
}
