import type { Signer } from '@parley/grpc';
import type { ExistingCall } from '../domain/call/call-state.ts';
import { deviceAddress, partyOf, type Leg } from '../domain/call/leg.ts';
import type { RecognitionTerms } from '../domain/call/policy.ts';
import type { StartedVideo } from '../domain/call/video.ts';

/** Makes the tokens with which a device sends observations of its counterpart. */
export interface ObservationTokens {
  /**
   * Bound to this call and side; pins what recognition works by: policy version, T1-T3, the origin of media time, since when
   * the video is displayed, and whether who is seen in it consents to being observed.
   */
  sign(call: ExistingCall, leg: Leg, video: StartedVideo, traceparent: string | undefined): Promise<string>;
}

/** Longer than any call lasts: observations may be sent again at its end. */
const ttlSeconds = 26 * 3600;

export function createObservationTokens(signer: Signer, defaults: RecognitionTerms): ObservationTokens {
  return {
    sign: (call, leg, { startedMs, mediaOriginMs, counterpartConsents }, traceparent) =>
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
          videoStartedMs: startedMs,
          attributes: { from: call.from, to: call.to, direction: call.direction },
          policy: policyClaim(call, defaults),
          consent: counterpartConsents,
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
