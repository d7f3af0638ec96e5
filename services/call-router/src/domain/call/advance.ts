import { verbDefinition } from '../twiml/verb-table.ts';
import { rootLeg } from './call-state.ts';
import { endCall } from './ending.ts';
import type { Turn } from './turn.ts';

/** Runs verbs until one takes time, another document is asked for, or the call ends. */
export function advance(turn: Turn): void {
  // Each round goes on by one verb, so that the document bounds the rounds.
  while (!turn.ended) {
    const { program } = turn.call;
    if (program.kind !== 'running' || program.step !== undefined) return;
    const verb = program.verbs[program.index];
    if (verb === undefined) {
      pickUp(turn);
      endCall(turn, 'instructions_ended');
      return;
    }
    const definition = verbDefinition(verb.verb);
    if (definition.picksUp) pickUp(turn);
    turn.emit(rootLeg(turn.call).legId, { kind: 'verb_started', verb, index: program.index });
    definition.start(verb, turn);
  }
}

/** An inbound call is answered by the first verb that needs it, so that Reject may come before. */
function pickUp(turn: Turn): void {
  const root = rootLeg(turn.call);
  if (root.kind === 'initiated' || root.kind === 'ringing') turn.emit(root.legId, { kind: 'answered' });
}
