import type { ByteReader, ByteWriter } from '../byteStream.js';
import { SEGMENT } from './segments.js';

/**
 * Gives out runs of places in segmented columns, none of them across two segments. Freed runs are used again for runs of
 * the same length.
 */
export class BlockArena {
  /** Places below this have been given out at some time. */
  end = 0;
  /** By length in grains, the first places of free runs. */
  readonly #free: number[][] = [];

  /** @param grain lengths are multiples of it */
  constructor(private readonly grain: number) {}

  take(length: number): number {
    const start = this.#free[length / this.grain]?.pop();
    if (start !== undefined) return start;
    const left = SEGMENT - (this.end & (SEGMENT - 1));
    // the rest of a segment that is too short for this run serves a shorter one
    if (left < length) {
      this.release(this.end, left);
      this.end += left;
    }
    this.end += length;
    return this.end - length;
  }

  release(start: number, length: number): void {
    const slot = length / this.grain;
    while (this.#free.length <= slot) this.#free.push([]);
    this.#free[slot]!.push(start);
  }

  write(writer: ByteWriter): void {
    writer.number(this.end);
    writer.number(this.#free.length);
    for (const starts of this.#free) writer.column(Uint32Array.from(starts));
  }

  read(reader: ByteReader): void {
    this.end = reader.number();
    this.#free.length = 0;
    for (let left = reader.number(); left > 0; left--) this.#free.push([...reader.column(Uint32Array)]);
  }
}
