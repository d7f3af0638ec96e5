import { randomBytes } from 'node:crypto';
import { invalidArgument, parleyError } from '@parley/errors';
import { isAddress } from '../domain/application/address.ts';
import { hasSameSettings, settingsFaults, type Application, type ApplicationSettings } from '../domain/application/application.ts';
import type { ApplicationRepository } from '../store/application-repository.ts';
import { checkRequestId, derivedId } from './derived-id.ts';

export interface ApplicationPorts {
  readonly applications: ApplicationRepository;
  /** @throws ParleyError egress.invalid_url, egress.forbidden_address */
  readonly checkUrl: (url: string) => void;
}

export interface NewApplication {
  readonly accountId: string;
  readonly requestId: string;
  readonly settings: ApplicationSettings;
}

/**
 * Creates an application with a signing key of its own. The same request again gives the same application.
 * @throws ParleyError request.invalid_argument, request.idempotency_conflict, egress.invalid_url, egress.forbidden_address
 */
export async function createApplication(ports: ApplicationPorts, { accountId, requestId, settings }: NewApplication): Promise<Application> {
  checkRequestId(requestId);
  checkSettings(ports, settings);
  const application = {
    ...settings,
    accountId,
    applicationId: derivedId('AP', [accountId], requestId),
    signingKey: randomBytes(16).toString('hex'),
  };
  const existing = await ports.applications.insert(application);
  if (existing !== undefined && !hasSameSettings(existing, settings)) {
    throw parleyError('request.idempotency_conflict', 'the request id was used for another application');
  }
  return existing ?? application;
}

/** @throws ParleyError as createApplication, and not_found.application */
export async function updateApplication(ports: ApplicationPorts, accountId: string, applicationId: string, settings: ApplicationSettings): Promise<Application> {
  checkSettings(ports, settings);
  return found(await ports.applications.update(accountId, applicationId, settings));
}

/** Binds an address to an application. @throws ParleyError device.invalid_address, not_found.application */
export async function assignAddress({ applications }: ApplicationPorts, accountId: string, applicationId: string, address: string): Promise<Application> {
  if (!isAddress(address)) throw parleyError('device.invalid_address', 'an address is client:<name> or +<digits>');
  const application = found(await applications.find(accountId, applicationId));
  await applications.assign(accountId, address, applicationId);
  return application;
}

export function found(application: Application | undefined): Application {
  if (application === undefined) throw parleyError('not_found.application', 'there is no such application');
  return application;
}

function checkSettings({ checkUrl }: ApplicationPorts, settings: ApplicationSettings): void {
  const faults = settingsFaults(settings);
  if (faults.length > 0) throw invalidArgument(faults);
  for (const url of [settings.voiceUrl, settings.fallbackUrl, settings.statusCallbackUrl]) {
    if (url !== '') checkUrl(url);
  }
}
