import type { PlaceCall } from '../call-command.ts';
import type { Initiated } from '../call-event.ts';
import { rootLeg } from '../call-state.ts';
import { endLeg } from '../ending.ts';
import { isLive } from '../leg.ts';
import type { Turn } from '../turn.ts';

/** The first event of a call is the root leg's. */
export function placedLeg(command: PlaceCall, nowMs: number): Initiated {
  const { from, to, direction, accountId, application, authorization, requestId, consents, ringTimeoutMs } = command;
  return {
    kind: 'initiated',
    from,
    to,
    direction,
    ...(consents && { consents }),
    root: {
      accountId,
      application,
      ...(authorization.kind === 'granted' ? { charge: authorization.charge } : {}),
      ...(requestId === undefined ? {} : { requestId }),
    },
    ...(direction === 'outbound-api' ? { ringUntilMs: nowMs + ringTimeoutMs } : {}),
  };
}

/** Without billing's consent the call ends before anything rings. */
export function afterPlacing(turn: Turn, { authorization, direction }: PlaceCall): void {
  const root = rootLeg(turn.call);
  if (authorization.kind === 'refused' && isLive(root)) endLeg(turn, root, 'failed', 'not_authorized');
  else if (direction === 'inbound') turn.emit(root.legId, { kind: 'ringing' });
}
