import type { BatchColumns } from '../bgp/batchColumns.js';
import { UpdateBatch } from '../bgp/updateBatch.js';

/** The messages of a batch for which `keep` says so, in order; dictionaries stay as they are. */
export function keptMessages(batch: UpdateBatch, keep: (message: number) => boolean): UpdateBatch {
  const { columns } = batch;
  const messages: number[] = [];
  const elements: number[] = [];
  let element = 0;
  for (let message = 0; message < batch.messages; message++) {
    const count = columns.withdrawn[message]! + columns.announced[message]!;
    if (keep(message)) {
      messages.push(message);
      for (let n = 0; n < count; n++) elements.push(element + n);
    }
    element += count;
  }
  if (messages.length === batch.messages) return batch;
  const words = (column: Uint32Array, at: number[]) => Uint32Array.from(at, (index) => column[index]!);
  const kept: BatchColumns = {
    ...columns,
    kind: Uint8Array.from(messages, (index) => columns.kind[index]!),
    origin: Uint8Array.from(messages, (index) => columns.origin[index]!),
    time: Float64Array.from(messages, (index) => columns.time[index]!),
    peer: words(columns.peer, messages),
    size: words(columns.size, messages),
    path: words(columns.path, messages),
    withdrawn: words(columns.withdrawn, messages),
    announced: words(columns.announced, messages),
    prefix: words(columns.prefix, elements),
    nextHop: words(columns.nextHop, elements),
    pathId: columns.pathId.length === 0 ? columns.pathId : words(columns.pathId, elements),
  };
  return new UpdateBatch(kept);
}

/** The two formats may round a time differently in its last digit, ms. */
const ROUNDING = 0.01;

/** The messages before the first one at or after a moment, and the rest; null if no message is that late. */
export function splitAt(batch: UpdateBatch, ms: number): { before: UpdateBatch; rest: UpdateBatch } | null {
  const first = batch.columns.time.findIndex((time) => time > ms - ROUNDING);
  if (first < 0) return null;
  return {
    before: keptMessages(batch, (message) => message < first),
    rest: keptMessages(batch, (message) => message >= first),
  };
}

/**
 * Drops what an aggregator has already taken from the live feed: messages before a moment, and the first ones of that
 * very moment, which the feed and the archive give in the same order.
 * @param already messages of `sinceMs` that the aggregator has
 */
export class AfterMoment {
  #left: number;

  constructor(
    readonly sinceMs: number,
    already: number,
  ) {
    this.#left = already;
  }

  rest(batch: UpdateBatch): UpdateBatch {
    return keptMessages(batch, (message) => {
      const time = batch.columns.time[message]!;
      if (Math.abs(time - this.sinceMs) > ROUNDING) return time > this.sinceMs;
      this.#left -= 1;
      return this.#left < 0;
    });
  }
}
