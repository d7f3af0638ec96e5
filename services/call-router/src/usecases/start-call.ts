import { isParleyError, parleyError } from '@parley/errors';
import { annotate, attributeNames, logger } from '@parley/telemetry';
import type { Application } from '../domain/application/application.ts';
import type { PlaceCall } from '../domain/call/call-command.ts';
import type { ApplicationLinks, ExistingCall } from '../domain/call/call-state.ts';
import type { RouterPorts } from './router-ports.ts';

const log = logger('calls');

export type StartCallPorts = Pick<RouterPorts, 'instance' | 'calls' | 'callDocuments' | 'billing' | 'now'>;
export type CallRequest = Omit<PlaceCall, 'kind' | 'application' | 'authorization'> & { readonly application: Application };

/**
 * Starts a call that this router will hold: billing is asked first, and without its consent the call ends at once. A
 * repeat finds the call that there is.
 * @throws ParleyError request.idempotency_conflict, store.unavailable
 */
export async function startCall(ports: StartCallPorts, request: CallRequest, onStarted?: () => void): Promise<{ readonly state: ExistingCall; readonly repeated: boolean }> {
  const known = await existingCall(ports, request);
  if (known !== undefined) return { state: known, repeated: true };
  annotate({ [attributeNames.callId]: request.callId });
  const { application, ...rest } = request;
  const authorization = await authorize(ports, request);
  const command: PlaceCall = { ...rest, kind: 'place_call', application: linksOf(application), authorization };
  const placed = await ports.calls.place(command, onStarted).catch(async (error: unknown) => {
    if (authorization.kind === 'granted') await releaseGrant(ports, request);
    throw error;
  });
  if ('existing' in placed) return { state: sameCall(placed.existing.state, request), repeated: true };
  return { state: placed.call.state, repeated: false };
}

async function existingCall(ports: StartCallPorts, request: CallRequest): Promise<ExistingCall | undefined> {
  const { accountId, callId } = request;
  const live = await ports.calls.settled(callId);
  if (live !== undefined) return sameCall(live.state, request);
  const doc = await ports.callDocuments.find(accountId, callId);
  if (doc === undefined) return undefined;
  const state = sameCall(doc.state, request);
  return doc.open && doc.owner === ports.instance ? ((await ownCall(ports, callId)) ?? state) : state;
}

/** A call that this router stored: another request may have placed it just now. */
async function ownCall({ calls, callDocuments, instance, now }: StartCallPorts, callId: string): Promise<ExistingCall | undefined> {
  const live = await calls.settled(callId);
  if (live !== undefined) return live.state;
  // Stored, but the answer was lost on the way here: nobody serves it, and its first events may not be out.
  const doc = await callDocuments.load(callId);
  if (doc?.open !== true || doc.owner !== instance) return doc?.state;
  const adopted = await calls.adopt(doc, now());
  return adopted?.state ?? doc.state;
}

function sameCall(state: ExistingCall, { from, to, accountId }: CallRequest): ExistingCall {
  if (state.from !== from || state.to !== to || state.accountId !== accountId) {
    throw parleyError('request.idempotency_conflict', 'the request id was used for another call');
  }
  return state;
}

/** Fails closed: without billing there is no call. */
async function authorize({ billing }: StartCallPorts, { accountId, callId, from, to, application }: CallRequest): Promise<PlaceCall['authorization']> {
  try {
    const charge = await billing.authorize({ accountId, callId, from, to, policyId: application.policyId });
    return charge === undefined ? { kind: 'free' } : { kind: 'granted', charge };
  } catch (error) {
    const code = isParleyError(error) ? error.code : 'internal';
    log.warn({ err: error, callId, code }, 'billing did not authorise a call');
    return { kind: 'refused' };
  }
}

/** Billing need not wait for a call that does not come. */
async function releaseGrant({ billing }: StartCallPorts, { accountId, callId }: CallRequest): Promise<void> {
  await billing.release(accountId, callId).catch((error: unknown) => log.warn({ err: error, callId }, 'a grant was not released'));
}

function linksOf({ applicationId, voiceUrl, fallbackUrl, statusCallbackUrl }: Application): ApplicationLinks {
  return {
    applicationId,
    voiceUrl,
    ...(fallbackUrl === '' ? {} : { fallbackUrl }),
    ...(statusCallbackUrl === '' ? {} : { statusCallbackUrl }),
  };
}
