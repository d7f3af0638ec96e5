import { invalidArgument } from '@parley/errors';
import type { ApiCommand } from '../domain/call/call-command.ts';
import type { ExistingCall } from '../domain/call/call-state.ts';
import { readTwiml } from '../instructions/twiml-text.ts';
import { checkRequestId } from './derived-id.ts';
import type { RouterPorts } from './router-ports.ts';

export interface CallUpdate {
  readonly requestId: string;
  readonly change: { readonly kind: 'twiml'; readonly twiml: string } | { readonly kind: 'url'; readonly url: string } | { readonly kind: 'hang_up' };
}

/** @throws ParleyError request.invalid_argument, egress.invalid_url, egress.forbidden_address */
export function checkUpdate({ checkUrl }: Pick<RouterPorts, 'checkUrl'>, { requestId, change }: CallUpdate): void {
  checkRequestId(requestId);
  if (change.kind === 'twiml' && change.twiml === '') throw invalidArgument([{ field: 'twiml', description: 'must be set' }]);
  if (change.kind === 'url') checkUrl(change.url);
}

/** The update as a command. @throws ParleyError instructions.*: the TwiML cannot be run; nothing of it is */
export function updateCommand({ requestId, change }: CallUpdate): (call: ExistingCall) => ApiCommand {
  return ({ application }) => {
    if (change.kind !== 'twiml') return { kind: 'update', requestId, change };
    // A document without an address of its own: its relative links start from the application's.
    return { kind: 'update', requestId, change: { kind: 'document', verbs: readTwiml(change.twiml, application.voiceUrl) } };
  };
}
