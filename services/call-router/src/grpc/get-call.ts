import type { CallServiceService } from '@parley/contracts';
import { parleyError } from '@parley/errors';
import type { HandlerOf } from '@parley/grpc';
import type { RouterPorts } from '../usecases/router-ports.ts';
import { callProto } from './convert-call.ts';

/** Any replica answers, from the database. */
export function getCallHandler({ callDocuments }: RouterPorts): HandlerOf<CallServiceService['getCall']> {
  return async ({ callId }, { identity: { accountId } }) => {
    const doc = await callDocuments.find(accountId, callId);
    if (doc === undefined) throw parleyError('not_found.call', 'there is no such call');
    return { call: callProto(doc.state) };
  };
}
