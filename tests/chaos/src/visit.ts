import type { ReceivedEvent } from './subscriber-log.ts';
import type { SoakFilter } from './soak-filter.ts';

/** How a stay at the event-router ended. */
export interface VisitEnd {
  /** `left` by the client; `broken`: worth coming back; `refused`: it would be refused again. */
  readonly kind: 'left' | 'broken' | 'refused';
  readonly why: string;
}

/** One connection of a client to whatever replica the balancer gives it. */
export interface Visit {
  /** Settles in any case. */
  readonly ended: Promise<VisitEnd>;
  /** Stops reading from the connection. */
  readonly pause: () => void;
  readonly resume: () => void;
  /** Breaks the connection off, wherever it is. */
  readonly leave: () => void;
}

export interface VisitOptions {
  readonly port: number;
  readonly token: string;
  readonly filter: SoakFilter;
  /** Empty: from now on. */
  readonly cursor: string;
  /** Over gRPC: how many events a response may carry; 0: one. */
  readonly maxEvents: number;
  /** An event, or none in a heartbeat or notice, and the cursor behind it. */
  readonly onMessage: (cursor: string, events: readonly ReceivedEvent[]) => void;
}
