import type { Verb, VerbName } from './verb.ts';
import type { VerbDefinition } from './verb-definition.ts';
import { dial } from './verbs/dial.ts';
import { hangup } from './verbs/hangup.ts';
import { pause } from './verbs/pause.ts';
import { redirect } from './verbs/redirect.ts';
import { reject } from './verbs/reject.ts';
import { say } from './verbs/say.ts';

/** Every verb: one file and one row each. */
const definitions = { Say: say, Pause: pause, Dial: dial, Redirect: redirect, Reject: reject, Hangup: hangup } satisfies {
  [N in VerbName]: VerbDefinition<Extract<Verb, { verb: N }>>;
};

/** The definition of a verb. It is given verbs of that name only: the types do not say so, the table's keys do. */
export function verbDefinition(name: VerbName): VerbDefinition {
  return definitions[name];
}

export function isVerbName(name: string): name is VerbName {
  return Object.hasOwn(definitions, name);
}
