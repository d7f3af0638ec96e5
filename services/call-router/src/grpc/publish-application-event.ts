import { eventId } from '@parley/bus';
import type { CallServiceService, PublishApplicationEventRequest, PublishApplicationEventResponse } from '@parley/contracts';
import type { HandlerOf } from '@parley/grpc';
import type { ExistingCall } from '../domain/call/call-state.ts';
import { commandCall, commandCallHere } from '../usecases/command-call.ts';
import { applicationEventCommand, checkApplicationEvent, sequenceOf } from '../usecases/publish-application-event.ts';
import type { RouterPorts } from '../usecases/router-ports.ts';

export function publishApplicationEventHandler(ports: RouterPorts): HandlerOf<CallServiceService['publishApplicationEvent']> {
  return async (request, { identity: { accountId } }) => {
    checkApplicationEvent(request);
    const forward = (instance: string) => ports.peers.request(instance, accountId, { $case: 'publishApplicationEvent', value: request });
    const outcome = await commandCall(ports, { accountId, callId: request.callId }, applicationEventCommand(eventOf(request)), forward);
    if ('state' in outcome) return published(outcome.state, request.requestId);
    return outcome.forwarded?.$case === 'publishApplicationEvent' ? outcome.forwarded.value : { eventId: '', sequence: 0n };
  };
}

/** The same, asked by a peer that does not hold the call. */
export async function publishApplicationEventForPeer(ports: RouterPorts, accountId: string, request: PublishApplicationEventRequest): Promise<PublishApplicationEventResponse> {
  checkApplicationEvent(request);
  const state = await commandCallHere(ports, { accountId, callId: request.callId }, applicationEventCommand(eventOf(request)));
  return published(state, request.requestId);
}

function eventOf({ requestId, name, dataJson }: PublishApplicationEventRequest) {
  return { requestId, name, dataJson };
}

function published(state: ExistingCall, requestId: string): PublishApplicationEventResponse {
  const sequence = BigInt(sequenceOf(state, requestId));
  return { eventId: eventId({ callId: state.callId, data: { class: 'call' } }, sequence), sequence };
}
