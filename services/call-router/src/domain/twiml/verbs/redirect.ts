import { endVerb } from '../../call/ending.ts';
import { failInstructions, redirectsForEver } from '../../call/instructions.ts';
import { documentLink } from '../document-link.ts';
import { allowAttributes, noChildren } from '../element.ts';
import type { RedirectVerb } from '../verb.ts';
import type { VerbDefinition } from '../verb-definition.ts';

/** Goes on with another document. */
export const redirect: VerbDefinition<RedirectVerb> = {
  name: 'Redirect',
  picksUp: false,
  parse: (element, document) => {
    allowAttributes(element, ['method']);
    noChildren(element);
    return { verb: 'Redirect', to: documentLink(element, element.text, document) };
  },
  step: (_verb, turn) => ({ kind: 'momentary', turn }),
  start: ({ to }, turn) => {
    if (redirectsForEver(turn.call)) {
      endVerb(turn, { code: 'instructions.too_many' });
      failInstructions(turn, { url: to.url, code: 'instructions.too_many', twilioCode: 11215, httpStatus: 0 });
    } else {
      endVerb(turn, { next: { ...to, reason: 'redirect', parameters: {} } });
    }
  },
};
