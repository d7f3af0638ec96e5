import { parleyError } from '@parley/errors';
import { attributeNames, logger, withSpan } from '@parley/telemetry';
import type { LiveCall } from '../calls/live-call.ts';
import type { Effect } from '../domain/call/effect.ts';
import { instructionParameters } from '../domain/call/request-parameters.ts';
import type { Verb } from '../domain/twiml/verb.ts';
import { fetchInstructions } from '../instructions/fetch-instructions.ts';
import { instructionFault } from '../instructions/instruction-fault.ts';
import type { EffectPorts } from './effect-ports.ts';

const log = logger('effects');
type FetchInstructions = Extract<Effect, { kind: 'fetch_instructions' }>;

/** Asks the application server what to do next, and tells the call what came of it. */
export async function fetchForCall(ports: EffectPorts, call: LiveCall, effect: FetchInstructions): Promise<void> {
  const { turn } = effect;
  const started = performance.now();
  try {
    const verbs = await withSpan('fetch instructions', { [attributeNames.callId]: call.callId }, () => ask(ports, call, effect));
    await call.submit({ kind: 'instructions_received', turn, verbs, durationMs: Math.round(performance.now() - started) });
  } catch (error) {
    if (call.signal.aborted) return;
    const fault = instructionFault(error);
    log.info({ err: error, callId: call.callId, code: fault.code }, 'no instructions could be had');
    await call.submit({ kind: 'instructions_missing', turn, ...fault });
  }
}

async function ask({ applications, egress }: EffectPorts, call: LiveCall, { request }: FetchInstructions): Promise<Verb[]> {
  const { state, signal } = call;
  const application = await applications.find(state.accountId, state.application.applicationId);
  if (application === undefined) throw parleyError('not_found.application', 'the application of the call is gone');
  if (state.kind !== 'live') return [];
  return fetchInstructions(egress, {
    link: { url: request.url, method: request.method },
    parameters: instructionParameters(state, request),
    signingKey: application.signingKey,
    signal,
  });
}
