import type { CallServiceService, UpdateCallRequest, UpdateCallResponse } from '@parley/contracts';
import { invalidArgument } from '@parley/errors';
import type { HandlerOf } from '@parley/grpc';
import { commandCall, commandCallHere } from '../usecases/command-call.ts';
import type { RouterPorts } from '../usecases/router-ports.ts';
import { checkUpdate, updateCommand, type CallUpdate } from '../usecases/update-call.ts';
import { callProto } from './convert-call.ts';

export function updateCallHandler(ports: RouterPorts): HandlerOf<CallServiceService['updateCall']> {
  return async (request, { identity: { accountId } }) => {
    const update = updateFromProto(request);
    checkUpdate(ports, update);
    const target = { accountId, callId: request.callId };
    const forward = (instance: string) => ports.peers.request(instance, accountId, { $case: 'updateCall', value: request });
    const outcome = await commandCall(ports, target, updateCommand(update), forward);
    if ('state' in outcome) return { call: callProto(outcome.state) };
    return outcome.forwarded?.$case === 'updateCall' ? outcome.forwarded.value : { call: undefined };
  };
}

/** The same, asked by a peer that does not hold the call. */
export async function updateCallForPeer(ports: RouterPorts, accountId: string, request: UpdateCallRequest): Promise<UpdateCallResponse> {
  const update = updateFromProto(request);
  checkUpdate(ports, update);
  return { call: callProto(await commandCallHere(ports, { accountId, callId: request.callId }, updateCommand(update))) };
}

function updateFromProto({ requestId, update }: UpdateCallRequest): CallUpdate {
  switch (update?.$case) {
    case 'twiml':
      return { requestId, change: { kind: 'twiml', twiml: update.value } };
    case 'url':
      return { requestId, change: { kind: 'url', url: update.value } };
    case 'hangUp':
      if (!update.value) throw invalidArgument([{ field: 'hang_up', description: 'must be true' }]);
      return { requestId, change: { kind: 'hang_up' } };
    default:
      throw invalidArgument([{ field: 'update', description: 'one of twiml, url and hang_up must be set' }]);
  }
}
