import type { ProgramCommand } from '../call-command.ts';
import { rootLeg } from '../call-state.ts';
import { endVerb } from '../ending.ts';
import { failInstructions } from '../instructions.ts';
import type { Turn } from '../turn.ts';

/** What came from outside for a turn that is over is dropped: an update may have been quicker than the answer. */
export function onProgramCommand(turn: Turn, command: ProgramCommand): undefined {
  const { program } = turn.call;
  switch (command.kind) {
    case 'instructions_received':
    case 'instructions_missing':
      if (program.kind !== 'fetching' || program.turn !== command.turn) return;
      onInstructions(turn, program.request.url, command);
      return;
    case 'speech_ended':
      if (program.kind !== 'running' || program.step?.kind !== 'speaking' || program.step.turn !== command.turn) return;
      endVerb(turn, { code: command.code });
      return;
  }
}

function onInstructions(turn: Turn, url: string, command: Exclude<ProgramCommand, { kind: 'speech_ended' }>): void {
  if (command.kind === 'instructions_received') {
    const { verbs, durationMs } = command;
    turn.emit(rootLeg(turn.call).legId, { kind: 'instructions_fetched', url, verbs, durationMs });
  } else {
    const { code, twilioCode, httpStatus } = command;
    failInstructions(turn, { url, code, twilioCode, httpStatus });
  }
}
