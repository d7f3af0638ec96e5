import { endCall, endVerb } from '../../call/ending.ts';
import { allowAttributes, noContent } from '../element.ts';
import type { HangupVerb } from '../verb.ts';
import type { VerbDefinition } from '../verb-definition.ts';

export const hangup: VerbDefinition<HangupVerb> = {
  name: 'Hangup',
  picksUp: true,
  parse: (element) => {
    allowAttributes(element, []);
    noContent(element);
    return { verb: 'Hangup' };
  },
  step: (_verb, turn) => ({ kind: 'momentary', turn }),
  start: (_verb, turn) => {
    endVerb(turn);
    endCall(turn, 'instructions_ended');
  },
};
