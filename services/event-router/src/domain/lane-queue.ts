/** A delivery's place in its lane. */
export interface LaneItem {
  readonly id: string;
  readonly stream: string;
  /** Of the event, in its stream. */
  readonly streamSequence: number;
  /** Of the event, in ms since the epoch. */
  readonly timeMs: number;
}

/**
 * The pending deliveries of one lane, that is of one call to one endpoint. What matters is the order within a source,
 * and a source lives in one stream: so each stream's deliveries keep their stream order, also when back-fill brings
 * earlier ones late. Between streams the earlier event goes first.
 */
export class LaneQueue<Item extends LaneItem> {
  readonly #streams = new Map<string, Item[]>();
  readonly #ids = new Set<string>();

  get size(): number {
    return this.#ids.size;
  }

  has({ id }: Pick<Item, 'id'>): boolean {
    return this.#ids.has(id);
  }

  /** @returns false if it is queued already. */
  add(item: Item): boolean {
    if (this.#ids.has(item.id)) return false;
    this.#ids.add(item.id);
    const queue = this.#streams.get(item.stream);
    if (queue === undefined) this.#streams.set(item.stream, [item]);
    else queue.splice(placeFor(item, queue), 0, item);
    return true;
  }

  /** What is to be delivered next. */
  head(): Item | undefined {
    const heads = [...this.#streams.values()].map((queue) => queue[0]!);
    return heads.reduce<Item | undefined>((first, item) => (first === undefined || isBefore(item, first) ? item : first), undefined);
  }

  remove(item: Item): void {
    if (!this.#ids.delete(item.id)) return;
    const queue = this.#streams.get(item.stream)!;
    queue.splice(queue.indexOf(item), 1);
    if (queue.length === 0) this.#streams.delete(item.stream);
  }
}

// Nearly always the end: only back-fill and redrive bring something earlier.
function placeFor(item: LaneItem, queue: readonly LaneItem[]): number {
  let place = queue.length;
  while (place > 0 && queue[place - 1]!.streamSequence > item.streamSequence) place -= 1;
  return place;
}

function isBefore(one: LaneItem, other: LaneItem): boolean {
  return one.timeMs === other.timeMs ? one.stream < other.stream : one.timeMs < other.timeMs;
}
