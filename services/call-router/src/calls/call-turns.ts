/** Work on calls that are not there yet: at any time one piece of it per call. */
export interface CallTurns {
  /** Runs after the work on the same call that is under way. @returns what it returns, or throws */
  run<T>(callId: string, work: () => Promise<T>): Promise<T>;
  /** Resolves once no work on the call is under way; how that went is not told. */
  idle(callId: string): Promise<void>;
}

/**
 * A call that is being placed or adopted is stored before it is served: meanwhile its document looks as if it had been
 * left behind, so that nobody may look at it.
 */
export function createTurns(): CallTurns {
  const underWay = new Map<string, Promise<unknown>>();
  const idle = async (callId: string): Promise<void> => {
    for (let work = underWay.get(callId); work !== undefined; work = underWay.get(callId)) await work.catch(() => undefined);
  };
  return {
    idle,
    run: async (callId, work) => {
      // Looked at again without waiting in between: of several that waited one goes first.
      while (underWay.has(callId)) await idle(callId);
      const done = work().finally(() => underWay.delete(callId));
      underWay.set(callId, done);
      return done;
    },
  };
}
