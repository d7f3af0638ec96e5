/** Runs work under the same key one after the other, in this process. */
export interface SerialLanes {
  run<T>(key: string, work: () => Promise<T>): Promise<T>;
}

/**
 * Conditional writes alone keep a wallet right; but many writers of one wallet would make each other try again and again.
 * In line they need not.
 */
export function createSerialLanes(): SerialLanes {
  const tails = new Map<string, Promise<unknown>>();
  return {
    run: async (key, work) => {
      const before = tails.get(key) ?? Promise.resolve();
      const turn = before.then(work, work);
      tails.set(key, turn);
      try {
        return await turn;
      } finally {
        if (tails.get(key) === turn) tails.delete(key);
      }
    },
  };
}
