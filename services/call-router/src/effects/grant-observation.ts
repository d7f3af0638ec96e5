import { currentTraceparent, logger } from '@parley/telemetry';
import type { LiveCall } from '../calls/live-call.ts';
import { findLeg } from '../domain/call/call-state.ts';
import type { Effect } from '../domain/call/effect.ts';
import { partyOf } from '../domain/call/leg.ts';
import { deliverOrLose } from './tell-device.ts';
import type { EffectPorts } from './effect-ports.ts';

const log = logger('effects');

/** Hands the device the token with which it sends observations of its counterpart. */
export async function grantObservation(ports: EffectPorts, call: LiveCall, { legId, video }: Extract<Effect, { kind: 'grant_observation' }>): Promise<void> {
  const leg = findLeg(call.state, legId);
  if (leg === undefined) return;
  const token = await ports.tokens.sign(call.state, leg, video, currentTraceparent());
  log.debug({ callId: call.callId, legId }, 'observation granted');
  await deliverOrLose(ports, call, legId, { kind: 'observation_granted', legId, token, party: partyOf(leg), mediaOriginMs: video.mediaOriginMs });
}
