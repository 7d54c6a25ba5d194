type Values = Uint8Array | Uint16Array | Int32Array | Uint32Array;

const SEGMENT_BITS = 16;
/** Values of a segment. */
export const SEGMENT = 1 << SEGMENT_BITS;
const WITHIN = SEGMENT - 1;
const SMALLEST = 256;
/** Fewer values are copied faster one by one than by a call. */
const MANY = 64;

/**
 * A column that grows by a segment at a time: what is there is never copied, except while it is smaller than one segment.
 * Each width has a class of its own, so that the compiler knows which array it reads.
 */
abstract class Segments<T extends Values> {
  readonly segments: T[] = [];
  /** Values there is room for. */
  capacity = 0;

  protected abstract make(length: number): T;

  get byteLength(): number {
    return this.segments.reduce((sum, segment) => sum + segment.byteLength, 0);
  }

  /** Makes room for so many values; new ones are 0. */
  reach(count: number): void {
    if (count <= this.capacity) return;
    const [first] = this.segments;
    if (first === undefined || first.length < SEGMENT) {
      let length = Math.max(SMALLEST, first?.length ?? 0);
      while (length < count && length < SEGMENT) length *= 2;
      const wider = this.make(length);
      if (first !== undefined) wider.set(first);
      this.segments[0] = wider;
      this.capacity = length;
    }
    for (; this.capacity < count; this.capacity += SEGMENT) this.segments.push(this.make(SEGMENT));
  }

  /** Copies values that lie in one segment, to places in one segment. */
  copy(from: number, to: number, count: number): void {
    const source = this.segments[segmentOf(from)]!;
    const target = this.segments[segmentOf(to)]!;
    const first = placeIn(from);
    const into = placeIn(to);
    if (count > MANY) {
      if (source === target) source.copyWithin(into, first, first + count);
      else target.set(source.subarray(first, first + count), into);
    } else if (into > first) for (let at = count - 1; at >= 0; at--) target[into + at] = source[first + at]!;
    else for (let at = 0; at < count; at++) target[into + at] = source[first + at]!;
  }

  /**
   * The first `count` values as the bytes that they lie in, to be read or filled. Room is made as they are asked for: for a
   * whole column at once it would take half a second.
   */
  *views(count: number): Generator<Uint8Array> {
    for (let at = 0; at < count; at += SEGMENT) {
      const length = Math.min(SEGMENT, count - at);
      this.reach(at + length);
      const { buffer, BYTES_PER_ELEMENT } = this.segments[at >>> SEGMENT_BITS]!;
      yield new Uint8Array(buffer, 0, length * BYTES_PER_ELEMENT);
    }
  }
}

export class Uint8Segments extends Segments<Uint8Array> {
  protected override make(length: number): Uint8Array {
    return new Uint8Array(length);
  }

  get(at: number): number {
    return this.segments[at >>> SEGMENT_BITS]![at & WITHIN]!;
  }

  set(at: number, value: number): void {
    this.segments[at >>> SEGMENT_BITS]![at & WITHIN] = value;
  }
}

export class Uint16Segments extends Segments<Uint16Array> {
  protected override make(length: number): Uint16Array {
    return new Uint16Array(length);
  }

  get(at: number): number {
    return this.segments[at >>> SEGMENT_BITS]![at & WITHIN]!;
  }

  set(at: number, value: number): void {
    this.segments[at >>> SEGMENT_BITS]![at & WITHIN] = value;
  }
}

export class Int32Segments extends Segments<Int32Array> {
  protected override make(length: number): Int32Array {
    return new Int32Array(length);
  }

  get(at: number): number {
    return this.segments[at >>> SEGMENT_BITS]![at & WITHIN]!;
  }

  set(at: number, value: number): void {
    this.segments[at >>> SEGMENT_BITS]![at & WITHIN] = value;
  }
}

export class Uint32Segments extends Segments<Uint32Array> {
  protected override make(length: number): Uint32Array {
    return new Uint32Array(length);
  }

  get(at: number): number {
    return this.segments[at >>> SEGMENT_BITS]![at & WITHIN]!;
  }

  set(at: number, value: number): void {
    this.segments[at >>> SEGMENT_BITS]![at & WITHIN] = value;
  }
}

/** A column, or a record of columns side by side, that grows without being copied; counts are of ids. */
export interface Growing {
  readonly byteLength: number;
  /** Ids there is room for. */
  readonly room: number;
  reach(count: number): void;
  views(count: number): Iterable<Uint8Array>;
}

/** Records of `width` numbers each, side by side: what is read together lies in one line of the processor's cache. */
export class Int32Records implements Growing {
  readonly values = new Int32Segments();

  constructor(private readonly width: number) {}

  get byteLength(): number {
    return this.values.byteLength;
  }

  get room(): number {
    return Math.floor(this.values.capacity / this.width);
  }

  reach(count: number): void {
    this.values.reach(count * this.width);
  }

  views(count: number): Iterable<Uint8Array> {
    return this.values.views(count * this.width);
  }

  /** The segment in which a record lies, of a width that is a power of two: all its fields, from `placeOf` on. */
  segmentOf(id: number): Int32Array {
    return this.values.segments[(id * this.width) >>> SEGMENT_BITS]!;
  }

  placeOf(id: number): number {
    return (id * this.width) & WITHIN;
  }

  get(id: number, field: number): number {
    return this.values.get(id * this.width + field);
  }

  set(id: number, field: number, value: number): void {
    this.values.set(id * this.width + field, value);
  }
}

/** The segment in which a value lies, and its place there. */
export const segmentOf = (at: number): number => at >>> SEGMENT_BITS;
export const placeIn = (at: number): number => at & WITHIN;
