import { logger } from '@parley/telemetry';
import { isParleyError } from '@parley/errors';
import type { LiveCall } from '../calls/live-call.ts';
import type { Effect } from '../domain/call/effect.ts';
import type { EffectPorts } from './effect-ports.ts';
import { extendGrant } from './extend-grant.ts';
import { fetchForCall } from './fetch-instructions.ts';
import { grantObservation } from './grant-observation.ts';
import { postStatusCallback } from './post-status-callback.ts';
import { ringDevice } from './ring-device.ts';
import { createSpeaking, type Speaking } from './say.ts';
import { tellDevice } from './tell-device.ts';

const log = logger('effects');

/** Starts effects: what comes of one returns to the call as a command. */
export function createEffects(ports: EffectPorts): (effect: Effect, call: LiveCall) => void {
  const speaking = createSpeaking(ports);
  return (effect, call) => {
    run(ports, speaking, effect, call).catch((error: unknown) => {
      // A call that was lost meanwhile takes no commands.
      if (!isParleyError(error, 'call.owner_unavailable')) log.error({ err: error, callId: call.callId, effect: effect.kind }, 'an effect failed');
    });
  };
}

async function run(ports: EffectPorts, speaking: Speaking, effect: Effect, call: LiveCall): Promise<void> {
  switch (effect.kind) {
    case 'fetch_instructions':
      return fetchForCall(ports, call, effect);
    case 'say':
      return speaking.start(call, effect);
    case 'stop_saying':
      speaking.stop(call);
      return;
    case 'ring_device':
      return ringDevice(ports, call, effect);
    case 'tell_device':
      return tellDevice(ports, call, effect);
    case 'grant_observation':
      return grantObservation(ports, call, effect);
    case 'extend_grant':
      return extendGrant(ports, call);
    case 'post_status_callback':
      return postStatusCallback(ports, call, effect);
  }
}
