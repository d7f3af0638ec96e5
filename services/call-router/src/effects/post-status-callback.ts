import { setTimeout as sleep } from 'node:timers/promises';
import { logger } from '@parley/telemetry';
import type { LiveCall } from '../calls/live-call.ts';
import type { PendingCallback } from '../domain/call/call-state.ts';
import type { Effect } from '../domain/call/effect.ts';
import { callbackParameters } from '../domain/call/request-parameters.ts';
import { askApplication } from '../instructions/application-request.ts';
import type { EffectPorts } from './effect-ports.ts';

const log = logger('effects');

/** Pauses between the tries. A server that is down for longer misses the callback, as it does with Twilio. */
const retryAfterMs = [500, 2_000, 5_000, 10_000];
/** The answer is not looked at. */
const mostAnswerBytes = 64 * 1024;

/** Tells the application server how the call is going. Never delays the call: it goes on meanwhile. */
export async function postStatusCallback(ports: EffectPorts, call: LiveCall, { callback }: Extract<Effect, { kind: 'post_status_callback' }>): Promise<void> {
  for (const waitMs of [...retryAfterMs, undefined]) {
    if (await isDelivered(ports, call, callback)) break;
    if (call.signal.aborted) return;
    if (waitMs === undefined) log.warn({ callId: call.callId, number: callback.number }, 'a status callback was given up');
    else await sleep(waitMs, undefined, { signal: call.signal }).catch(() => undefined);
  }
  await call.submit({ kind: 'status_callback_settled', number: callback.number });
}

/** Whether the server has it, or will never take it: 4xx other than 429 says that a repeat is of no use. */
async function isDelivered({ applications, egress }: EffectPorts, { state, signal, callId }: LiveCall, callback: PendingCallback): Promise<boolean> {
  const url = state.application.statusCallbackUrl;
  if (url === undefined) return true;
  try {
    const application = await applications.find(state.accountId, state.application.applicationId);
    if (application === undefined) return true;
    const { status } = await askApplication(egress, {
      link: { url, method: 'POST' },
      parameters: callbackParameters(state, callback),
      signingKey: application.signingKey,
      maxBytes: mostAnswerBytes,
      signal,
    });
    if (status >= 400) log.info({ callId, number: callback.number, status }, 'a status callback was refused');
    return status < 500 && status !== 429;
  } catch (error) {
    log.info({ err: error, callId, number: callback.number }, 'a status callback failed');
    return false;
  }
}
