import { formatPrefix, IPV6_SHAPE } from '../../bgp/address.js';
import { prefixTextOrder } from '../textOrder.js';
import { DenseTable } from './denseTable.js';
import { OWN_FIELDS } from './hashIndex.js';
import { type Growing, Int32Records } from './segments.js';

/** Origins remembered for each prefix; the one seen longest ago makes room for a fifth. */
export const ORIGINS = 4;

/**
 * Fields of a prefix's record, a line of the processor's cache: what a message asks for. The first of its origins lies
 * there, the others, which few prefixes have, in a record of their own.
 */
const SHAPE = OWN_FIELDS;
const WORDS = SHAPE + 1;
const REFERENCES = WORDS + 4;
const ACTIVE_ROUTES = REFERENCES + 1;
const FIRST_MINUTE = REFERENCES + 2;
const LAST_MINUTE = REFERENCES + 3;
const LAST_ORIGIN = REFERENCES + 4;
const SLOT = REFERENCES + 5;
const RECORD = 16;
/** Fields of an origin's slot: its AS; the minute from which it is known, 0 when learnt while warming up; when it was seen last. */
const AS = 0;
const KNOWN_FROM = 1;
const LAST_SEEN = 2;
const SLOT_FIELDS = 3;
/** The announcement is by another origin than the one before, or the prefix has others as well. */
export const NOT_THE_SAME = -2;

/** What is kept of each prefix. A slot of an origin has a number: the prefix's id times ORIGINS, and its place. */
export abstract class PrefixRecords extends DenseTable {
  protected readonly records: Int32Records;
  readonly #others = new Int32Records((ORIGINS - 1) * SLOT_FIELDS);

  constructor(maximum: number) {
    super(maximum, 1, new Int32Records(RECORD));
    this.records = this.index.records;
  }

  protected override segmented(): Growing[] {
    return [this.#others];
  }

  shape(id: number): number {
    return this.records.get(id, SHAPE);
  }

  /** One of the four words of its address. */
  word(id: number, word: number): number {
    return this.records.get(id, WORDS + word) >>> 0;
  }

  /** The words are signed here. */
  protected is(id: number, shape: number, w0: number, w1: number, w2: number, w3: number): boolean {
    const record = this.records.segmentOf(id);
    const at = this.records.placeOf(id);
    return (
      record[at + WORDS] === w0 &&
      record[at + SHAPE] === shape &&
      record[at + WORDS + 1] === w1 &&
      record[at + WORDS + 2] === w2 &&
      record[at + WORDS + 3] === w3
    );
  }

  /** A new prefix, without routes and origins. */
  protected begin(id: number, shape: number, words: Uint32Array, at: number, minute: number): void {
    const record = this.records.segmentOf(id);
    const place = this.records.placeOf(id);
    record[place + SHAPE] = shape;
    for (let word = 0; word < 4; word++) record[place + WORDS + word] = words[at + word]!;
    record[place + REFERENCES] = 0;
    record[place + ACTIVE_ROUTES] = 0;
    record[place + FIRST_MINUTE] = minute;
    record[place + LAST_MINUTE] = minute;
    record[place + LAST_ORIGIN] = 0;
    for (let slot = id * ORIGINS; slot < (id + 1) * ORIGINS; slot++) this.#setSlot(slot, LAST_SEEN, 0);
  }

  /** Entries of the route table, withdrawn ones too, and what else holds the prefix. */
  references(id: number): number {
    return this.records.get(id, REFERENCES);
  }

  refer(id: number, change: number): void {
    this.records.set(id, REFERENCES, this.records.get(id, REFERENCES) + change);
  }

  /** Routes announced and not withdrawn. */
  activeRoutes(id: number): number {
    return this.records.get(id, ACTIVE_ROUTES);
  }

  /** @returns the active routes after the change */
  changeActive(id: number, change: number): number {
    const active = this.records.get(id, ACTIVE_ROUTES) + change;
    this.records.set(id, ACTIVE_ROUTES, active);
    return active;
  }

  firstMinute(id: number): number {
    return this.records.get(id, FIRST_MINUTE);
  }

  /** The prefix was there in this minute already. */
  thereSince(id: number, minute: number): void {
    if (minute < this.records.get(id, FIRST_MINUTE)) this.records.set(id, FIRST_MINUTE, minute);
  }

  lastMinute(id: number): number {
    return this.records.get(id, LAST_MINUTE);
  }

  named(id: number, minute: number): void {
    const record = this.records.segmentOf(id);
    const at = this.records.placeOf(id) + LAST_MINUTE;
    if (minute > record[at]!) record[at] = minute;
  }

  /** Origin of the latest announcement; 0 where there was none, or an AS set. */
  lastOrigin(id: number): number {
    return this.records.get(id, LAST_ORIGIN) >>> 0;
  }

  setLastOrigin(id: number, origin: number): void {
    this.records.set(id, LAST_ORIGIN, origin);
  }

  /**
   * Notes an announcement by the origin that the prefix has had so far, which nearly all are by: its record alone says so.
   * @returns the minute from which the origin is known, or NOT_THE_SAME
   */
  sameOrigin(id: number, origin: number, minute: number): number {
    const record = this.records.segmentOf(id);
    const at = this.records.placeOf(id);
    const slot = at + SLOT;
    if (record[at + LAST_ORIGIN] !== (origin | 0) || record[slot + AS] !== (origin | 0)) return NOT_THE_SAME;
    const seen = record[slot + LAST_SEEN]!;
    if (seen === 0) return NOT_THE_SAME;
    if (minute > seen) record[slot + LAST_SEEN] = minute;
    return record[slot + KNOWN_FROM]!;
  }

  /** Of a slot that is in use. */
  origin(slot: number): number {
    return this.#slot(slot, AS) >>> 0;
  }

  /** Minute from which the slot's origin is known, 0 when learnt while warming up. */
  originFirst(slot: number): number {
    return this.#slot(slot, KNOWN_FROM);
  }

  /** When the slot's origin was seen last, 0 where the slot is empty. */
  originLast(slot: number): number {
    return this.#slot(slot, LAST_SEEN);
  }

  protected setOrigin(slot: number, origin: number, first: number, last: number): void {
    this.#setSlot(slot, AS, origin);
    this.#setSlot(slot, KNOWN_FROM, first);
    this.#setSlot(slot, LAST_SEEN, last);
  }

  protected sawOrigin(slot: number, minute: number): void {
    if (minute > this.#slot(slot, LAST_SEEN)) this.#setSlot(slot, LAST_SEEN, minute);
  }

  protected hadOrigin(slot: number, since: number): void {
    if (since < this.#slot(slot, KNOWN_FROM)) this.#setSlot(slot, KNOWN_FROM, since);
  }

  text(id: number): string {
    return formatPrefix(this.shape(id), this.word(id, 0), this.word(id, 1), this.word(id, 2), this.word(id, 3));
  }

  /** See prefixTextOrder. */
  textOrder(id: number): number {
    const shape = this.shape(id);
    if (shape < IPV6_SHAPE) return prefixTextOrder(shape, this.word(id, 0), 0, 0, 0);
    return prefixTextOrder(shape, this.word(id, 0), this.word(id, 1), this.word(id, 2), this.word(id, 3));
  }

  #slot(slot: number, field: number): number {
    const place = slot % ORIGINS;
    const id = (slot - place) / ORIGINS;
    if (place === 0) return this.records.get(id, SLOT + field);
    return this.#others.get(id, (place - 1) * SLOT_FIELDS + field);
  }

  #setSlot(slot: number, field: number, value: number): void {
    const place = slot % ORIGINS;
    const id = (slot - place) / ORIGINS;
    if (place === 0) this.records.set(id, SLOT + field, value);
    else this.#others.set(id, (place - 1) * SLOT_FIELDS + field, value);
  }
}
