import type { Db } from 'mongodb';

/** How far a partition of one stream was worked off, and of which incarnation of the stream. */
export interface StreamPosition {
  /** When the stream was created: a stream made anew starts from its beginning. */
  readonly incarnation: string;
  /** Everything up to and including this stream sequence is done. */
  readonly sequence: number;
}

export type Positions = Readonly<Record<string, StreamPosition>>;

/** Where the owner of a partition goes on reading. Saved behind the work: events after it may come again. */
export interface PositionStore {
  load(partition: number): Promise<Positions>;
  /** Does nothing if a later epoch has saved already. */
  save(lease: { readonly partition: number; readonly epoch: number }, positions: Positions): Promise<void>;
}

interface PositionDocument {
  readonly _id: string;
  readonly epoch: number;
  readonly streams: Positions;
}

export function mongoPositions(db: Db, service: string): PositionStore {
  const collection = db.collection<PositionDocument>('positions');
  const idOf = (partition: number) => `${service}/${partition}`;
  return {
    load: async (partition) => (await collection.findOne({ _id: idOf(partition) }))?.streams ?? {},
    save: async ({ partition, epoch }, streams) => {
      const _id = idOf(partition);
      const replace = () => collection.updateOne({ _id, epoch: { $lte: epoch } }, { $set: { epoch, streams } });
      // One write, but for the first time: all partitions are saved each second.
      if ((await replace()).matchedCount === 1) return;
      await collection.updateOne({ _id }, { $setOnInsert: { epoch, streams } }, { upsert: true });
      await replace();
    },
  };
}
