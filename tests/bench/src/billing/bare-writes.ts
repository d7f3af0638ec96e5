import type { Db } from 'mongodb';

const lastsMs = 4_000;

/** Replaces documents of the size of a charge as fast as the database takes it, some at a time. @returns writes a second. */
export async function bareWritesPerSecond(db: Db, atATime: number): Promise<number> {
  const collection = db.collection<{ _id: string; rev: number; text: string }>('bench');
  const text = 'x'.repeat(1_500);
  let done = 0;
  const beganMs = performance.now();
  const write = async (_: unknown, writer: number): Promise<void> => {
    const _id = `writer-${writer}`;
    for (let rev = 0; performance.now() - beganMs < lastsMs; rev += 1) {
      await collection.replaceOne({ _id }, { rev, text }, { upsert: true });
      done += 1;
    }
  };
  await Promise.all(Array.from({ length: atATime }, write));
  return (done * 1_000) / (performance.now() - beganMs);
}
