import { hashWords } from '../../bgp/address.js';
import type { ByteReader, ByteWriter } from '../byteStream.js';
import { DenseTable } from './denseTable.js';
import { OWN_FIELDS } from './hashIndex.js';
import { Int32Records } from './segments.js';

/**
 * Fields of a link's record: its two ASes; the minute from which it is known, doubled, and 1 when it was met since the
 * hand passed; and the minute from which the left AS is known to pass on routes of the right one, NEVER before.
 */
const LEFT = OWN_FIELDS;
const RIGHT = LEFT + 1;
const FIRST = LEFT + 2;
const PASSED = LEFT + 3;
const RECORD = 8;
const MET = 1;
const NEVER = -1;

const hashOf = (left: number, right: number): number => hashWords(0, left, right, 0, 0);

/**
 * Ordered pairs of neighbouring ASes, and whether the left one was seen to pass routes of the right one on to a third.
 * When full, the pair met longest ago (by the clock's hand) is forgotten.
 */
export class LinkTable extends DenseTable {
  /** Pairs added so far: a caller sees by it whether `note` met one for the first time. */
  added = 0;
  /** Whether any pair was forgotten so far. */
  forgot = false;
  /** Whether a pair, or that it is passed on, was met for the first time when such was news. Follows from the records. */
  dated = false;
  readonly #records: Int32Records;

  constructor(maximum: number) {
    super(maximum, 1, new Int32Records(RECORD));
    this.#records = this.index.records;
  }

  left(id: number): number {
    return this.#records.get(id, LEFT) >>> 0;
  }

  right(id: number): number {
    return this.#records.get(id, RIGHT) >>> 0;
  }

  /** Minute from which the link is known, 0 when learnt while warming up. */
  first(id: number): number {
    return this.#records.get(id, FIRST) >> 1;
  }

  /** Minute from which the left AS passes on routes of the right one, 0 when learnt while warming up, -1 when it does not. */
  passed(id: number): number {
    return this.#records.get(id, PASSED);
  }

  pass(id: number, minute: number): void {
    if (minute > 0) this.dated = true;
    this.#records.set(id, PASSED, minute);
  }

  /** The pair's id, or -1; does not count as meeting it. */
  find(left: number, right: number): number {
    return this.#find(hashOf(left, right), left, right);
  }

  /** The pair's id; `known` is noted as the minute from which it is known when it is met for the first time. */
  note(left: number, right: number, known: number): number {
    const hash = hashOf(left, right);
    const records = this.#records;
    const found = this.#find(hash, left, right);
    if (found >= 0) {
      const first = records.get(found, FIRST);
      if ((first & MET) === 0) records.set(found, FIRST, first | MET);
      return found;
    }
    if (this.full) {
      const victim = this.nextEvictable(2 * this.maximum, (id) => {
        const first = records.get(id, FIRST);
        if ((first & MET) === 0) return true;
        records.set(id, FIRST, first - MET);
        return false;
      });
      this.remove(Math.max(victim, 0));
      this.forgot = true;
    }
    const id = this.insert(hash);
    records.set(id, LEFT, left);
    records.set(id, RIGHT, right);
    records.set(id, FIRST, 2 * known + MET);
    records.set(id, PASSED, NEVER);
    this.added++;
    if (known > 0) this.dated = true;
    return id;
  }

  override write(writer: ByteWriter): void {
    super.write(writer);
    writer.number(this.forgot ? 1 : 0);
  }

  override read(reader: ByteReader): void {
    super.read(reader);
    this.forgot = reader.number() === 1;
  }

  override *derived(): Generator<void> {
    yield* super.derived();
    this.dated = false;
    for (let id = 0; id < this.high && !this.dated; id++) {
      this.dated = this.isUsed(id) && (this.first(id) > 0 || this.passed(id) > 0);
    }
  }

  #find(hash: number, left: number, right: number): number {
    const { index } = this;
    const records = this.#records;
    for (let id = index.first(hash); id >= 0; id = index.after(id)) {
      const record = records.segmentOf(id);
      const at = records.placeOf(id);
      if (record[at + LEFT] === (left | 0) && record[at + RIGHT] === (right | 0)) return id;
    }
    return -1;
  }
}
