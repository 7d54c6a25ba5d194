/** Snapshots are written and read as a run of numbers and typed arrays, little-endian, each array with its length. */

export class BadSnapshot extends Error {
  constructor(message: string) {
    super(`bad aggregator snapshot: ${message}`);
    this.name = 'BadSnapshot';
  }
}

type Column = Uint8Array | Uint16Array | Int32Array | Uint32Array | Float64Array;

export class ByteWriter {
  #bytes = new Uint8Array(1 << 16);
  #view = new DataView(this.#bytes.buffer);
  #at = 0;

  #need(count: number): void {
    if (this.#at + count <= this.#bytes.length) return;
    const bytes = new Uint8Array(Math.max(this.#bytes.length * 2, this.#at + count));
    bytes.set(this.#bytes.subarray(0, this.#at));
    this.#bytes = bytes;
    this.#view = new DataView(bytes.buffer);
  }

  number(value: number): void {
    this.#need(8);
    this.#view.setFloat64(this.#at, value, true);
    this.#at += 8;
  }

  column(column: Column): void {
    this.number(column.length);
    this.#need(column.byteLength);
    this.#bytes.set(new Uint8Array(column.buffer, column.byteOffset, column.byteLength), this.#at);
    this.#at += column.byteLength;
  }

  json(value: unknown): void {
    this.column(new TextEncoder().encode(JSON.stringify(value)));
  }

  finish(): Uint8Array {
    return this.#bytes.slice(0, this.#at);
  }
}

export class ByteReader {
  readonly #view: DataView;
  #at = 0;

  constructor(readonly bytes: Uint8Array) {
    this.#view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  }

  #need(count: number): void {
    if (!(count >= 0) || this.#at + count > this.bytes.length) throw new BadSnapshot('cut short');
  }

  number(): number {
    this.#need(8);
    const value = this.#view.getFloat64(this.#at, true);
    this.#at += 8;
    return value;
  }

  column<T extends Column>(type: { new (length: number): T; readonly BYTES_PER_ELEMENT: number }): T {
    const length = this.number();
    if (!Number.isInteger(length)) throw new BadSnapshot('a length is not a whole number');
    this.#need(length * type.BYTES_PER_ELEMENT);
    const column = new type(length);
    const size = column.byteLength;
    new Uint8Array(column.buffer).set(this.bytes.subarray(this.#at, this.#at + size));
    this.#at += size;
    return column;
  }

  json(): unknown {
    const text = new TextDecoder().decode(this.column(Uint8Array));
    try {
      return JSON.parse(text);
    } catch {
      throw new BadSnapshot('no JSON where some should be');
    }
  }

  end(): void {
    if (this.#at !== this.bytes.length) throw new BadSnapshot(`${this.bytes.length - this.#at} bytes too long`);
  }
}
