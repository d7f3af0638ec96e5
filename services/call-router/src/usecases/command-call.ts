import { parleyError, type ErrorCode } from '@parley/errors';
import type { ApiCommand } from '../domain/call/call-command.ts';
import type { ExistingCall } from '../domain/call/call-state.ts';
import { decide } from '../domain/call/decide.ts';
import { newLegId } from './derived-id.ts';
import type { RouterPorts } from './router-ports.ts';

/**
 * Has the router that holds a call carry out a command of the API.
 * @param forward has another router do it
 * @throws ParleyError not_found.call (also of another account's), call.ended, call.wrong_state, call.owner_unavailable
 */
export async function commandCall<T>(
  ports: RouterPorts,
  { accountId, callId }: { readonly accountId: string; readonly callId: string },
  command: (call: ExistingCall) => ApiCommand,
  forward: (instance: string) => Promise<T>,
): Promise<{ readonly state: ExistingCall } | { readonly forwarded: T }> {
  const doc = await ports.callDocuments.find(accountId, callId);
  if (doc === undefined) throw parleyError('not_found.call', 'there is no such call');
  const live = ports.calls.get(callId);
  if (live !== undefined) {
    const { state, refusal } = await live.submit(command(live.state));
    return { state: accepted(state, refusal) };
  }
  if (doc.state.kind === 'live' && doc.owner !== ports.instance) return { forwarded: await forward(doc.owner) };
  // The call is over, and a repeat of what was carried out is still to be told from something new.
  const { refusal } = decide(command(doc.state), doc.state, ports.now(), { newLegId });
  return { state: accepted(doc.state, doc.state.kind === 'live' ? 'call.owner_unavailable' : refusal) };
}

/** At the router that is thought to hold the call. @throws ParleyError as commandCall */
export async function commandCallHere(ports: RouterPorts, target: { readonly accountId: string; readonly callId: string }, command: (call: ExistingCall) => ApiCommand): Promise<ExistingCall> {
  const outcome = await commandCall(ports, target, command, () => {
    throw parleyError('call.owner_unavailable', 'the call is with another router');
  });
  if ('state' in outcome) return outcome.state;
  throw outcome.forwarded;
}

const refusals: Readonly<Partial<Record<ErrorCode, string>>> = {
  'call.ended': 'the call has ended',
  'call.wrong_state': 'nobody has answered the call yet',
  'call.owner_unavailable': 'the call is being taken over',
};

function accepted(state: ExistingCall, refusal: ErrorCode | undefined): ExistingCall {
  if (refusal !== undefined) throw parleyError(refusal, refusals[refusal] ?? 'the call does not allow it now');
  return state;
}
