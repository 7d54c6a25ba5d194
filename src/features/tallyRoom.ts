/** What a tally counts in: an entry has two places, its key and its count; a slot says which entry its hash has. */
export interface TallyColumns {
  /** [capacity], free where 0. */
  slots: Int32Array;
  /** [capacity + 2] */
  entries: Int32Array;
}

/** Bytes that are kept: four full tallies' worth. */
const KEPT = 4 << 20;

/**
 * Columns of tallies that are done, for those to come. With new ones for every minute, V8 marks its whole heap every
 * few dozen minutes of a replay.
 */
export class TallyRoom {
  readonly #free = new Map<number, TallyColumns[]>();
  #bytes = 0;

  take(capacity: number): TallyColumns {
    const columns = this.#free.get(capacity)?.pop();
    if (columns === undefined) return { slots: new Int32Array(capacity), entries: new Int32Array(capacity + 2) };
    this.#bytes -= bytesOf(columns);
    columns.slots.fill(0);
    return columns;
  }

  give(columns: TallyColumns): void {
    if (this.#bytes + bytesOf(columns) > KEPT) return;
    this.#bytes += bytesOf(columns);
    const capacity = columns.slots.length;
    const free = this.#free.get(capacity);
    if (free === undefined) this.#free.set(capacity, [columns]);
    else free.push(columns);
  }
}

function bytesOf({ slots, entries }: TallyColumns): number {
  return slots.byteLength + entries.byteLength;
}
