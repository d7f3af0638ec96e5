import type { CallNote, PublishedFact } from './call-event.ts';
import type { LiveCall } from './call-state.ts';

/** Makes the ids that a decision needs. */
export interface Ids {
  newLegId(): string;
}

/** One decision in the making: what is emitted is applied at once, so that the next step sees it. */
export interface Turn extends Ids {
  /** The call as it is after what was emitted so far. Once the root leg has completed: as it was before. */
  readonly call: LiveCall;
  readonly ended: boolean;
  readonly nowMs: number;
  emit(legId: string, fact: PublishedFact): void;
  note(note: CallNote): void;
}
