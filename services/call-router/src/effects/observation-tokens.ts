import type { Signer } from '@parley/grpc';
import { counterpartConsents, type ExistingCall } from '../domain/call/call-state.ts';
import { deviceAddress, partyOf, type Leg } from '../domain/call/leg.ts';
import type { RecognitionTerms } from '../domain/call/policy.ts';

/** Makes the tokens with which a device sends observations of its counterpart. */
export interface ObservationTokens {
  /** Bound to this call and side; pins what recognition works by: policy version, T1-T3, the origin of media time, and whether the counterpart consents to it. */
  sign(call: ExistingCall, leg: Leg, mediaOriginMs: number, traceparent: string | undefined): Promise<string>;
}

/** Longer than any call lasts: observations may be sent again at its end. */
const ttlSeconds = 26 * 3600;

export function createObservationTokens(signer: Signer, defaults: RecognitionTerms): ObservationTokens {
  return {
    sign: (call, leg, mediaOriginMs, traceparent) =>
      signer.sign({
        accountId: call.accountId,
        subject: deviceAddress(leg),
        scopes: ['observe'],
        callId: call.callId,
        ttlSeconds,
        claims: {
          party: partyOf(leg),
          leg: leg.legId,
          mediaOriginMs,
          attributes: { from: call.from, to: call.to, direction: call.direction },
          policy: policyClaim(call, defaults),
          consent: counterpartConsents(call, leg.legId),
          ...(traceparent === undefined ? {} : { traceparent }),
        },
      }),
  };
}

/** What recognition needs of the call's policy, no more: a token can be read by whoever holds it. */
function policyClaim({ charge }: ExistingCall, defaults: RecognitionTerms) {
  const { faceAbsentMs, voiceAbsentMs, textAbsentMs, textHoldMs, maxGapMs, livenessMs, minFaceAreaRatio } = charge?.policy.terms ?? defaults;
  const { policyId, version } = charge?.policy ?? { policyId: '', version: 0 };
  return { id: policyId, version, terms: { faceAbsentMs, voiceAbsentMs, textAbsentMs, textHoldMs, maxGapMs, livenessMs, minFaceAreaRatio } };
}
