import { parleyError } from '@parley/errors';
import type { Application as ApplicationProto } from '@parley/contracts';
import type { Application, ApplicationSettings } from '../domain/application/application.ts';

/** Never the signing key: that is given once, by CreateApplication. */
export function applicationProto(application: Application, addresses: readonly string[]): ApplicationProto {
  const { applicationId, displayName, voiceUrl, fallbackUrl, statusCallbackUrl, policyId } = application;
  return { applicationId, displayName, voiceUrl, fallbackUrl, statusCallbackUrl, policyId, addresses: [...addresses] };
}

/** @throws ParleyError request.invalid_argument */
export function settingsFromProto(application: ApplicationProto | undefined): ApplicationSettings {
  if (application === undefined) throw parleyError('request.invalid_argument', 'application must be set');
  const { displayName, voiceUrl, fallbackUrl, statusCallbackUrl, policyId } = application;
  return { displayName, voiceUrl, fallbackUrl, statusCallbackUrl, policyId };
}
