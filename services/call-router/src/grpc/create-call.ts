import type { CallServiceService, CreateCallRequest, CreateCallResponse } from '@parley/contracts';
import type { HandlerOf } from '@parley/grpc';
import { createCall, createForwardedCall } from '../usecases/create-call.ts';
import type { RouterPorts } from '../usecases/router-ports.ts';
import { callProto } from './convert-call.ts';

export function createCallHandler(ports: RouterPorts): HandlerOf<CallServiceService['createCall']> {
  return async (request, { identity: { accountId } }) => {
    const outcome = await createCall(ports, { ...request, accountId }, (instance) => ports.peers.request(instance, accountId, { $case: 'createCall', value: request }));
    if ('state' in outcome) return { call: callProto(outcome.state) };
    return outcome.forwarded?.$case === 'createCall' ? outcome.forwarded.value : { call: undefined };
  };
}

/** The same, asked by a peer that does not hold the device. */
export async function createCallForPeer(ports: RouterPorts, accountId: string, request: CreateCallRequest): Promise<CreateCallResponse> {
  return { call: callProto(await createForwardedCall(ports, { ...request, accountId })) };
}
