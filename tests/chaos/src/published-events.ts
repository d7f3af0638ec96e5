import type { BusEvent } from '@parley/bus';
import { CallStatus } from '@parley/contracts';
import type { FilteredEvent } from './soak-filter.ts';

/** What the oracle knows of an event. */
export interface PublishedEvent extends FilteredEvent {
  readonly id: string;
  readonly accountId: string;
  readonly source: string;
  readonly sequence: bigint;
  /** Among the account's, from 0, in the order in which they were published; so that of a source is its sequence's. */
  readonly index: number;
  /** By the clock of the process: the broker cannot have it before. */
  readonly publishedAtMs: number;
  /** When the broker had last stored it, at first or as a repeat; infinite while that is under way. */
  storedAtMs: number;
  /** How often it was published: more than once, and the stream may hold it more than once. */
  publishes: number;
}

/** All that was published. */
export interface PublishedEvents {
  /** Before its first publish. */
  record(event: BusEvent): void;
  /** Around each publish, the first one and repeats. */
  stored<T>(id: string, publish: () => Promise<T>): Promise<T>;
  get(id: string): PublishedEvent | undefined;
  ofAccount(accountId: string): readonly PublishedEvent[];
  readonly count: number;
}

export function createPublishedEvents(nowMs: () => number = () => performance.now()): PublishedEvents {
  const byId = new Map<string, PublishedEvent>();
  const byAccount = new Map<string, PublishedEvent[]>();
  const underWay = new Map<string, number>();
  const ofAccount = (accountId: string): PublishedEvent[] => byAccount.get(accountId) ?? [];
  return {
    record: ({ id, accountId, source, sequence, type, callId, call, data }) => {
      const siblings = ofAccount(accountId);
      byAccount.set(accountId, siblings);
      const event = { id, accountId, source, sequence, type, callId, ...call, status: statusOf(data), index: siblings.length, publishedAtMs: nowMs(), storedAtMs: Infinity, publishes: 0 };
      siblings.push(event);
      byId.set(id, event);
    },
    stored: async (id, publish) => {
      const event = byId.get(id)!;
      event.publishes += 1;
      underWay.set(id, (underWay.get(id) ?? 0) + 1);
      event.storedAtMs = Infinity;
      const result = await publish();
      const others = underWay.get(id)! - 1;
      if (others > 0) underWay.set(id, others);
      else {
        underWay.delete(id);
        event.storedAtMs = nowMs();
      }
      return result;
    },
    get: (id) => byId.get(id),
    ofAccount,
    get count() {
      return byId.size;
    },
  };
}

/** `data.status` as docs/events.md has it, of what the stories say. */
function statusOf({ value: { event } }: BusEvent['data']): string | undefined {
  if (event?.$case !== 'completed') return undefined;
  return event.value.status === CallStatus.NO_ANSWER ? 'no_answer' : 'completed';
}
