import { endCall, endVerb } from '../../call/ending.ts';
import { rootLeg } from '../../call/call-state.ts';
import { statusWhenCut, isLive } from '../../call/leg.ts';
import { allowAttributes, noContent, wordAttribute } from '../element.ts';
import type { RejectVerb } from '../verb.ts';
import type { VerbDefinition } from '../verb-definition.ts';

/** Refuses a call that is not answered yet; an answered one it hangs up. */
export const reject: VerbDefinition<RejectVerb> = {
  name: 'Reject',
  picksUp: false,
  parse: (element) => {
    allowAttributes(element, ['reason']);
    noContent(element);
    return { verb: 'Reject', reason: wordAttribute(element, 'reason', ['rejected', 'busy']) };
  },
  step: (_verb, turn) => ({ kind: 'momentary', turn }),
  start: ({ reason }, turn) => {
    endVerb(turn);
    const root = rootLeg(turn.call);
    if (isLive(root)) endCall(turn, 'rejected', statusWhenCut(root, reason === 'busy' ? 'busy' : 'no-answer'));
  },
};
