import type { Step } from '../call/call-state.ts';
import type { Turn } from '../call/turn.ts';
import type { DocumentContext, XmlElement } from './element.ts';
import type { Verb } from './verb.ts';

/** All that there is to know about one verb. */
export interface VerbDefinition<V extends Verb = Verb> {
  readonly name: V['verb'];
  /**
   * Reads the element.
   * @throws ParleyError instructions.invalid_attribute, instructions.unknown_verb (a nested element)
   */
  parse(element: XmlElement, document: DocumentContext): V;
  /** The call is answered before it runs. */
  readonly picksUp: boolean;
  /** Where the program stands once it has started. `turn`: the sequence of its verb_started. */
  step(verb: V, turn: number, atMs: number): Step;
  /** Emits what follows its start. */
  start(verb: V, turn: Turn): void;
}
