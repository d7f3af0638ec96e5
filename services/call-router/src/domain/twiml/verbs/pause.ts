import { allowAttributes, integerAttribute, noContent } from '../element.ts';
import type { PauseVerb } from '../verb.ts';
import type { VerbDefinition } from '../verb-definition.ts';

const longestSeconds = 86_400;

/** Silence. As the first verb it lets the call ring for that long. */
export const pause: VerbDefinition<PauseVerb> = {
  name: 'Pause',
  picksUp: false,
  parse: (element) => {
    allowAttributes(element, ['length']);
    noContent(element);
    return { verb: 'Pause', lengthMs: integerAttribute(element, 'length', 1, { min: 0, max: longestSeconds }) * 1000 };
  },
  step: ({ lengthMs }, turn, atMs) => ({ kind: 'pausing', turn, untilMs: atMs + lengthMs }),
  // A deadline ends it.
  start: () => undefined,
};
