import { invalidArgument, parleyError } from '@parley/errors';
import type { ApiCommand } from '../domain/call/call-command.ts';
import type { ExistingCall } from '../domain/call/call-state.ts';
import { checkRequestId } from './derived-id.ts';

export interface ApplicationEvent {
  readonly requestId: string;
  readonly name: string;
  readonly dataJson: string;
}

const mostDataBytes = 16 * 1024;

/** @throws ParleyError request.invalid_argument */
export function checkApplicationEvent({ requestId, name, dataJson }: ApplicationEvent): void {
  checkRequestId(requestId);
  const faults = [
    ...(/^[a-z0-9_.]{1,64}$/.test(name) ? [] : [{ field: 'name', description: 'must be 1 to 64 of a-z, 0-9, _ and .' }]),
    ...(Buffer.byteLength(dataJson) > mostDataBytes ? [{ field: 'data_json', description: `has more than ${mostDataBytes} bytes` }] : jsonFaults(dataJson)),
  ];
  if (faults.length > 0) throw invalidArgument(faults);
}

function jsonFaults(text: string): { field: string; description: string }[] {
  try {
    JSON.parse(text);
    return [];
  } catch {
    return [{ field: 'data_json', description: 'is not JSON' }];
  }
}

export function applicationEventCommand(event: ApplicationEvent): () => ApiCommand {
  return () => ({ kind: 'publish_application_event', ...event });
}

/** The sequence that the event was given. @throws ParleyError request.conflict: too many requests ago to be known */
export function sequenceOf({ requests }: ExistingCall, requestId: string): number {
  const request = requests.find((candidate) => candidate.requestId === requestId);
  if (request === undefined) throw parleyError('request.conflict', 'the event was published, and its sequence is not kept any more');
  return request.sequence;
}
