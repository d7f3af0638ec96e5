import { logger } from '@parley/telemetry';
import type { LiveCall } from '../calls/live-call.ts';
import type { EffectPorts } from './effect-ports.ts';

const log = logger('effects');

/** Asks billing for more time. Without an answer the grant stays as it is, and lapses if that goes on. */
export async function extendGrant({ billing }: EffectPorts, call: LiveCall): Promise<void> {
  const { state } = call;
  if (state.kind !== 'live' || state.grant === undefined) return;
  try {
    const untilMs = await billing.extend(state.accountId, call.callId, state.grant.untilMs);
    await call.submit({ kind: 'grant_extended', untilMs });
  } catch (error) {
    log.warn({ err: error, callId: call.callId }, 'the grant of a call was not extended');
    await call.submit({ kind: 'grant_not_extended' });
  }
}
