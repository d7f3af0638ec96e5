import { allowAttributes, integerAttribute, invalid, noChildren } from '../element.ts';
import type { SayVerb } from '../verb.ts';
import type { VerbDefinition } from '../verb-definition.ts';

const longestText = 4096;
const mostLoops = 1000;

/** Speaks a text to the root leg's device. There is one voice: `voice` and `language` are taken and change nothing. */
export const say: VerbDefinition<SayVerb> = {
  name: 'Say',
  picksUp: true,
  parse: (element) => {
    allowAttributes(element, ['voice', 'language', 'loop']);
    noChildren(element);
    const text = element.text.replaceAll(/\s+/gu, ' ').trim();
    if (text.length > longestText) throw invalid(element, `may have at most ${longestText} characters`);
    const loop = integerAttribute(element, 'loop', 1, { min: 0, max: mostLoops });
    return { verb: 'Say', text, loop: text === '' ? 1 : loop };
  },
  step: (_verb, turn) => ({ kind: 'speaking', turn }),
  // Speaking happens outside; speech_ended says that it is over.
  start: () => undefined,
};
