import { invalidArgument, isParleyError, parleyError } from '@parley/errors';
import { isAddress } from '../domain/application/address.ts';
import type { Application } from '../domain/application/application.ts';
import type { ExistingCall } from '../domain/call/call-state.ts';
import { checkRequestId, derivedId } from './derived-id.ts';
import type { RouterPorts } from './router-ports.ts';
import { startCall } from './start-call.ts';

export interface ApiCall {
  readonly accountId: string;
  readonly requestId: string;
  readonly applicationId: string;
  readonly from: string;
  readonly to: string;
  /** 0 means 30 s. */
  readonly timeoutSeconds: number;
  /** Of this call; empty or absent: the application's. */
  readonly policyId?: string | undefined;
}

const defaultRingSeconds = 30;
const longestRingSeconds = 600;

/**
 * The API calls a device; the router that holds the device holds the call.
 * @param forward has the call created at another router
 * @throws ParleyError request.invalid_argument, not_found.application, shutting_down, request.idempotency_conflict
 */
export async function createCall<T>(
  ports: RouterPorts,
  call: ApiCall,
  forward: (instance: string) => Promise<T>,
): Promise<{ readonly state: ExistingCall } | { readonly forwarded: T }> {
  const { accountId, to } = call;
  const application = await checked(ports, call);
  const holder = await ports.directory.lookup(accountId, to);
  if (holder !== undefined && holder !== ports.instance) {
    try {
      return { forwarded: await forward(holder) };
    } catch (error) {
      // That router is gone, and the device with it: the call is placed here, and finds nobody.
      if (!isParleyError(error, 'call.owner_unavailable')) throw error;
    }
  }
  return { state: await createCallHere(ports, call, application) };
}

/** At the router that holds the device. @throws ParleyError as createCall */
export async function createForwardedCall(ports: RouterPorts, call: ApiCall): Promise<ExistingCall> {
  return createCallHere(ports, call, await checked(ports, call));
}

async function createCallHere(ports: RouterPorts, { accountId, requestId, from, to, timeoutSeconds, policyId = '' }: ApiCall, application: Application): Promise<ExistingCall> {
  const { state, repeated } = await startCall(ports, {
    callId: derivedId('CA', [accountId, 'api'], requestId),
    accountId,
    application: policyId === '' ? application : { ...application, policyId },
    direction: 'outbound-api', consents: false,
    from,
    to,
    ringTimeoutMs: (timeoutSeconds === 0 ? defaultRingSeconds : timeoutSeconds) * 1000,
  });
  const charged = state.charge?.policy.policyId;
  if (repeated && policyId !== '' && charged !== undefined && charged !== policyId) throw parleyError('request.idempotency_conflict', 'the request id was used for a call by another policy');
  return state;
}

async function checked(ports: RouterPorts, { accountId, requestId, applicationId, from, to, timeoutSeconds }: ApiCall): Promise<Application> {
  checkRequestId(requestId);
  if (!ports.takesCalls()) throw parleyError('shutting_down', 'this router shuts down');
  const faults = [
    ...(isAddress(to) ? [] : [{ field: 'to', description: 'must be client:<name> or +<digits>' }]),
    ...(timeoutSeconds >= 0 && timeoutSeconds <= longestRingSeconds ? [] : [{ field: 'timeout_seconds', description: `must be 0 to ${longestRingSeconds}` }]),
  ];
  if (faults.length > 0) throw invalidArgument(faults);
  const application = await ports.applications.find(accountId, applicationId);
  if (application === undefined) throw parleyError('not_found.application', 'there is no such application');
  const bound = await ports.applications.atAddress(accountId, from);
  if (bound?.applicationId !== applicationId) throw invalidArgument([{ field: 'from', description: 'must be an address of the application' }]);
  return application;
}
