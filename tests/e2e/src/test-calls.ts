import { liveCall, planCalls, seededRandom, type Producers } from '@parley/chaos';

/** A call whose events are published one by one, as its producers do. */
export interface TestCall {
  readonly callId: string;
  /** Publishes the next events and gives their ids; of one class where that is given, leaving out those of the others. */
  publish(count: number): Promise<string[]>;
}

let calls = 0;

/** @param minEvents how many events it has at least */
export function testCall(producers: Producers, accountId = 'acme', minEvents = 12): TestCall {
  // A number of its own for each, so that no two calls have an id.
  const random = seededRandom(Date.now() + (calls += 1));
  const planned = planCalls(random, 200, [accountId]).find(({ story }) => story().length >= minEvents)!;
  const call = liveCall(planned);
  return {
    callId: planned.callId,
    publish: async (count) => {
      const ids: string[] = [];
      for (let published = 0; published < count; published += 1) {
        const event = call.next();
        await producers.publish(event, 0);
        ids.push(event.id);
      }
      return ids;
    },
  };
}
