import { verbDefinition } from '../twiml/verb-table.ts';
import type { Verb } from '../twiml/verb.ts';
import type { PublishedEvent, VerbEnded } from './call-event.ts';
import type { InstructionRequest, LiveCall, Pace, Program } from './call-state.ts';

/** Documents that follow each other within this time count as being in haste. */
const hasteMs = 1000;

/** What the instructions do after an event. */
export function withProgram(call: LiveCall, event: PublishedEvent): LiveCall {
  switch (event.kind) {
    case 'ringing':
      return call.direction === 'inbound' && event.legId === call.callId ? withFirstDocument(call, event) : call;
    case 'answered':
      return call.direction === 'outbound-api' && event.legId === call.callId ? withFirstDocument(call, event) : call;
    case 'instructions_fetched':
      return { ...call, program: { kind: 'running', verbs: event.verbs, index: 0 } };
    case 'instructions_failed':
      return event.fallback === undefined ? call : fetching(call, event, event.fallback);
    case 'verb_started':
      return { ...call, program: started(call.program, event.verb, event) };
    case 'initiated':
      return { ...call, program: dialling(call.program, event.legId) };
    case 'verb_ended':
      return afterVerb(call, event);
    case 'updated':
      return afterUpdate(call, event);
    default:
      return call;
  }
}

function withFirstDocument(call: LiveCall, event: PublishedEvent): LiveCall {
  if (call.program.kind !== 'waiting') return call;
  return fetching(call, event, { url: call.application.voiceUrl, method: 'POST', reason: 'voice', parameters: {} });
}

function fetching(call: LiveCall, { sequence, atMs }: PublishedEvent, request: InstructionRequest): LiveCall {
  return { ...call, program: { kind: 'fetching', turn: sequence, request }, pace: paceAfter(call.pace, atMs) };
}

function paceAfter({ documents, inHaste, lastMs }: Pace, atMs: number): Pace {
  return { documents: documents + 1, inHaste: atMs - lastMs < hasteMs ? inHaste + 1 : 0, lastMs: atMs };
}

function started(program: Program, verb: Verb, { sequence, atMs }: PublishedEvent): Program {
  if (program.kind !== 'running') return program;
  return { ...program, step: verbDefinition(verb.verb).step(verb, sequence, atMs) };
}

function dialling(program: Program, legId: string): Program {
  if (program.kind !== 'running' || program.step?.kind !== 'dialling') return program;
  return { ...program, step: { ...program.step, legId } };
}

function afterVerb(call: LiveCall, event: PublishedEvent & VerbEnded): LiveCall {
  if (event.next !== undefined) return fetching(call, event, event.next);
  if (call.program.kind !== 'running') return call;
  const { step: _step, ...rest } = call.program;
  return { ...call, program: { ...rest, index: rest.index + 1 } };
}

function afterUpdate(call: LiveCall, event: Extract<PublishedEvent, { kind: 'updated' }>): LiveCall {
  switch (event.program?.kind) {
    case undefined:
      return call;
    case 'run':
      return { ...call, program: { kind: 'running', verbs: event.program.verbs, index: 0 } };
    case 'fetch':
      return fetching(call, event, event.program.request);
  }
}
