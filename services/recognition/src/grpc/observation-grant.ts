import { parleyError } from '@parley/errors';
import type { Identity } from '@parley/grpc';
import { currentTraceparent } from '@parley/telemetry';
import type { CallAttributes, Party, PinnedPolicy } from '../domain/observation.ts';
import type { ObservationGrant } from '../usecases/observation-message.ts';

/**
 * What an `observe` token allows: its claims are `call`, `party`, `leg`, `mediaOriginMs`, `videoStartedMs`,
 * `attributes`, `policy` and `consent`, and `traceparent` if the call is traced.
 * @throws ParleyError auth.malformed naming the claim that is missing or wrong
 */
export function observationGrant({ accountId, callId, claims }: Identity): ObservationGrant {
  const party = claims['party'];
  const traceparent = claims['traceparent'];
  const mediaOriginMs = countOf(claims, 'mediaOriginMs');
  return {
    accountId,
    callId: callId ?? wrong('call'),
    party: isParty(party) ? party : wrong('party'),
    legId: textOf(claims, 'leg'),
    mediaOriginMs,
    // Tokens of before there was consent do not say.
    startedAtMs: claims['videoStartedMs'] === undefined ? 0 : Math.max(0, countOf(claims, 'videoStartedMs') - mediaOriginMs),
    call: attributesOf(recordOf(claims, 'attributes')),
    policy: policyOf(recordOf(claims, 'policy')),
    consent: claims['consent'] !== false,
    traceparent: typeof traceparent === 'string' ? traceparent : (currentTraceparent() ?? ''),
  };
}

type Claims = Readonly<Record<string, unknown>>;

function attributesOf(claims: Claims): CallAttributes {
  const { direction } = claims;
  if (direction !== 'inbound' && direction !== 'outbound-api') return wrong('attributes.direction');
  return { from: textOf(claims, 'from'), to: textOf(claims, 'to'), direction };
}

function policyOf(claims: Claims): PinnedPolicy {
  const terms = recordOf(claims, 'terms');
  const minFaceAreaRatio = terms['minFaceAreaRatio'];
  if (typeof minFaceAreaRatio !== 'number' || !(minFaceAreaRatio >= 0 && minFaceAreaRatio <= 1)) return wrong('policy.terms.minFaceAreaRatio');
  return {
    id: textOf(claims, 'id'),
    version: countOf(claims, 'version'),
    terms: {
      minFaceAreaRatio,
      faceAbsentMs: countOf(terms, 'faceAbsentMs'),
      voiceAbsentMs: countOf(terms, 'voiceAbsentMs'),
      textAbsentMs: countOf(terms, 'textAbsentMs'),
      textHoldMs: countOf(terms, 'textHoldMs'),
      maxGapMs: countOf(terms, 'maxGapMs'),
      // A policy of before liveness asks for none.
      livenessMs: terms['livenessMs'] === undefined ? 0 : countOf(terms, 'livenessMs'),
    },
  };
}

function isParty(value: unknown): value is Party {
  return value === 'caller' || value === 'callee';
}

function textOf(claims: Claims, name: string): string {
  const value = claims[name];
  return typeof value === 'string' ? value : wrong(name);
}

function countOf(claims: Claims, name: string): number {
  const value = claims[name];
  return typeof value === 'number' && Number.isSafeInteger(value) && value >= 0 ? value : wrong(name);
}

function recordOf(claims: Claims, name: string): Claims {
  const value = claims[name];
  return typeof value === 'object' && value !== null ? (value as Claims) : wrong(name);
}

function wrong(claim: string): never {
  throw parleyError('auth.malformed', `the claim ${claim} of the token is missing or wrong`);
}
