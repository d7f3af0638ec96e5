/** What a document carries so that its state and what follows from it are one write. */
export interface OutboxDocument<Message> {
  readonly _id: string;
  /** Grows by one with each change; writes are conditional on it. From 0. */
  readonly rev: number;
  /** Random id of the write that made this revision, by which a writer knows its own write again. */
  readonly writer: string;
  /** What the last change must publish, in order. */
  readonly outbox: readonly Message[];
  /** Whether the outbox may hold something that is not published yet. */
  readonly pending: boolean;
}

/** A document as its owner writes it: the repository fills in rev, writer and pending. */
export type Draft<D> = D extends unknown ? Omit<D, 'rev' | 'writer' | 'pending'> : never;
