/**
 * Columns that are used again from batch to batch. New ones for each have V8 mark its whole heap every few dozen batches:
 * their bytes count, though there is little to find in them.
 */
export class ColumnRoom {
  readonly #bytes = new Map<string, Uint8Array>();
  readonly #numbers = new Map<string, Uint32Array>();
  #times = new Float64Array(0);

  /** What a column held before is still in it. */
  bytes(name: string, length: number): Uint8Array {
    let column = this.#bytes.get(name);
    if (column === undefined || column.length < length) this.#bytes.set(name, (column = new Uint8Array(length)));
    return column.subarray(0, length);
  }

  numbers(name: string, length: number): Uint32Array {
    let column = this.#numbers.get(name);
    if (column === undefined || column.length < length) this.#numbers.set(name, (column = new Uint32Array(length)));
    return column.subarray(0, length);
  }

  times(length: number): Float64Array {
    if (this.#times.length < length) this.#times = new Float64Array(length);
    return this.#times.subarray(0, length);
  }
}
