import type { ApplicationServer } from './application-server.ts';
import type { Router } from './started-router.ts';
import type { TestDevice } from './test-device.ts';

let counted = 0;

/** A request id that was not used before. */
export function freshId(): string {
  return `request-${(counted += 1)}`;
}

export interface TenantOptions {
  readonly address?: string;
  readonly policyId?: string;
  /** Paths of the application server. */
  readonly voice?: string;
  readonly fallback?: string;
  readonly status?: string;
}

/** An application of account acme whose server is `app`. @returns its id */
export async function createTenant(router: Router, app: ApplicationServer, options: TenantOptions = {}): Promise<string> {
  const { address = '+15550100', policyId = '', voice = '/voice', fallback, status } = options;
  const { applications } = await router.clients();
  const urlOf = (path: string | undefined) => (path === undefined ? '' : new URL(path, app.url).href);
  const settings = { displayName: 'test', voiceUrl: urlOf(voice), fallbackUrl: urlOf(fallback), statusCallbackUrl: urlOf(status), policyId };
  const created = await applications.createApplication({ requestId: freshId(), application: { applicationId: '', ...settings, addresses: [] } });
  const { applicationId } = created.application!;
  await applications.assignAddress({ applicationId, address });
  app.signingKey = created.signingKey;
  return applicationId;
}

/** Has a device call. @returns the call's id */
export async function placeCall(device: TestDevice, to = '+15550100'): Promise<string> {
  await device.say('placeCall', { requestId: freshId(), to, observationConsent: false });
  const { callId } = await device.next('callPlaced');
  return callId;
}

/** Has the next call to a device answered. @returns the leg */
export async function answerNext(device: TestDevice): Promise<string> {
  const { legId } = await device.next('incomingCall');
  await device.say('answer', { legId, observationConsent: true });
  await device.next('legAnswered');
  return legId;
}

/** The code that a request fails with. */
export async function codeOf(asked: Promise<unknown>): Promise<string> {
  try {
    await asked;
  } catch (error) {
    return (error as { code: string }).code;
  }
  return 'none';
}
