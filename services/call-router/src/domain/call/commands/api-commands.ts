import type { ErrorCode } from '@parley/errors';
import type { ApiCommand } from '../call-command.ts';
import type { UpdatedProgram } from '../call-event.ts';
import { rootLeg, type LiveCall } from '../call-state.ts';
import { endCall, stopProgram } from '../ending.ts';
import type { Turn } from '../turn.ts';

type Update = Extract<ApiCommand, { kind: 'update' }>;

/** A request that was carried out before is not carried out again. */
export function onApiCommand(turn: Turn, command: ApiCommand): ErrorCode | undefined {
  if (wasCarriedOut(turn.call, command.requestId)) return undefined;
  if (command.kind === 'update') return update(turn, command);
  const { requestId, name, dataJson } = command;
  turn.emit(rootLeg(turn.call).legId, { kind: 'application_event_published', requestId, name, dataJson });
  return undefined;
}

function wasCarriedOut({ requests }: Pick<LiveCall, 'requests'>, requestId: string): boolean {
  return requests.some((request) => request.requestId === requestId);
}

function update(turn: Turn, { requestId, change }: Update): ErrorCode | undefined {
  const root = rootLeg(turn.call);
  if (change.kind === 'hang_up') {
    turn.emit(root.legId, { kind: 'updated', requestId, hangUp: true });
    endCall(turn, 'api', root.kind === 'in_progress' ? 'completed' : 'canceled');
    return undefined;
  }
  // Instructions need somebody to talk to: a device that is still being called has not answered.
  if (turn.call.program.kind === 'waiting') return 'call.wrong_state';
  stopProgram(turn, 'api');
  turn.emit(root.legId, { kind: 'updated', requestId, hangUp: false, program: programOf(change) });
  return undefined;
}

function programOf(change: Exclude<Update['change'], { kind: 'hang_up' }>): UpdatedProgram {
  if (change.kind === 'document') return { kind: 'run', verbs: change.verbs };
  return { kind: 'fetch', request: { url: change.url, method: 'POST', reason: 'update', parameters: {} } };
}
