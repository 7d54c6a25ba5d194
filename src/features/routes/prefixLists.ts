import { findSlot, firstSlot } from '../findSlot.js';

/** Lists are cleared when half of what they hold may be stale, and so much more. */
const SLACK = 64;
/** Fields of a list's slot: its key, and its first link + 1. */
const KEY = 0;
const HEAD = 1;
const SLOT_BITS = 1;
/** Of a slot that was never taken; of a list that is empty. */
const FREE = 0;
const EMPTY = -1;
const FEWEST = 64;
/** Lists of so many ids are kept as they were read last, and so many of them. */
const LONG = 32;
const MOST_KEPT = 1024;

/** Holds while the list has the same first link, which an id that is added changes, and no entry is outdated. */
interface KeptList {
  ids: readonly number[];
  head: number;
  outdated: number;
}

/**
 * Prefix ids by a number, such as the networks that each has had as its origin. What no longer holds stays listed until
 * the lists are cleared: a reader looks again. Lists lie in two columns, not in an object each: most hold an id or two.
 */
export class PrefixLists {
  #slots = new Int32Array(FEWEST << SLOT_BITS);
  #taken = 0;
  #lists = 0;
  /** An id and the next link + 1, side by side. */
  #links = new Int32Array(2 * FEWEST);
  #linksUsed = 0;
  #freeLink = 0;
  /** Links in lists, and how many of them may be stale. */
  #listed = 0;
  #stale = 0;
  /** Entries said to be outdated so far. */
  #outdated = 0;
  /** Long lists as they were read last: a storm asks for the same ones again and again. */
  readonly #kept = new Map<number, KeptList>();

  constructor(private readonly holds: (id: number, key: number) => boolean) {}

  /** Reads where a list is looked for, for several to be read side by side. */
  lookAt(key: number): number {
    return this.#slots[firstSlot(this.#slots, key, SLOT_BITS)]!;
  }

  add(key: number, id: number): void {
    let at = this.#find(key);
    if (this.#slots[at + HEAD] === FREE) {
      if (this.#taken * 2 >= this.#slots.length >> SLOT_BITS) {
        this.#rebuild();
        at = this.#find(key);
      }
      this.#slots[at + KEY] = key;
      this.#taken++;
    }
    const slots = this.#slots;
    const head = slots[at + HEAD]!;
    if (head <= 0) this.#lists++;
    slots[at + HEAD] = this.#link(id, Math.max(head, 0));
    if (this.#stale * 2 > this.#listed + SLACK) this.#clearAll();
  }

  /** So many entries are no longer true. */
  outdated(entries: number): void {
    this.#stale += entries;
    this.#outdated += entries;
  }

  /** In rising order, each once; some may be stale. */
  of(key: number): readonly number[] {
    const at = this.#find(key);
    if (this.#slots[at + HEAD]! <= 0) return [];
    const kept = this.#kept.get(key);
    if (kept !== undefined && kept.head === this.#slots[at + HEAD] && kept.outdated === this.#outdated) return kept.ids;
    const ids = this.#clear(key, at);
    if (ids.length >= LONG) {
      if (this.#kept.size >= MOST_KEPT) this.#kept.clear();
      this.#kept.set(key, { ids, head: this.#slots[at + HEAD]!, outdated: this.#outdated });
    }
    return ids;
  }

  empty(): void {
    this.#kept.clear();
    this.#slots = new Int32Array(FEWEST << SLOT_BITS);
    this.#taken = 0;
    this.#lists = 0;
    this.#linksUsed = 0;
    this.#freeLink = 0;
    this.#listed = 0;
    this.#stale = 0;
  }

  #ids(at: number): number[] {
    const ids: number[] = [];
    for (let link = this.#slots[at + HEAD]!; link > 0; link = this.#links[link * 2 - 1]!) {
      ids.push(this.#links[link * 2 - 2]!);
    }
    return ids;
  }

  #clearAll(): void {
    this.#kept.clear();
    const slots = this.#slots;
    for (let at = 0; at < slots.length; at += 1 << SLOT_BITS) if (slots[at + HEAD]! > 0) this.#clear(slots[at]!, at);
    this.#stale = 0;
  }

  #clear(key: number, at: number): readonly number[] {
    const ids = this.#ids(at);
    if (ids.some((id, place) => place > 0 && ids[place - 1]! > id)) ids.sort((a, b) => a - b);
    const kept = ids.filter((id, place) => id !== ids[place - 1] && this.holds(id, key));
    const slots = this.#slots;
    // the links that are left over go first, the others take the ids that stay
    let link = slots[at + HEAD]!;
    for (let over = ids.length - kept.length; over > 0; over--) link = this.#release(link);
    this.#stale = Math.max(0, this.#stale - (ids.length - kept.length));
    slots[at + HEAD] = kept.length === 0 ? EMPTY : link;
    if (kept.length === 0) this.#lists--;
    for (const id of kept) {
      this.#links[link * 2 - 2] = id;
      link = this.#links[link * 2 - 1]!;
    }
    return kept;
  }

  #find(key: number): number {
    return findSlot(this.#slots, key, SLOT_BITS, HEAD);
  }

  /** Leaves empty lists out, and makes room where the others need it. */
  #rebuild(): void {
    const before = this.#slots;
    const wider = this.#lists * 4 >= before.length >> SLOT_BITS;
    const slots = new Int32Array(wider ? before.length * 2 : before.length);
    this.#slots = slots;
    this.#taken = 0;
    for (let from = 0; from < before.length; from += 1 << SLOT_BITS) {
      if (before[from + HEAD]! <= 0) continue;
      const at = this.#find(before[from]!);
      for (let field = 0; field < 1 << SLOT_BITS; field++) slots[at + field] = before[from + field]!;
      this.#taken++;
    }
  }

  /** @returns the link + 1 */
  #link(id: number, next: number): number {
    this.#listed++;
    let link = this.#freeLink;
    if (link > 0) this.#freeLink = this.#links[link * 2 - 1]!;
    else {
      link = ++this.#linksUsed;
      if (this.#linksUsed * 2 > this.#links.length) {
        const wider = new Int32Array(this.#links.length * 2);
        wider.set(this.#links);
        this.#links = wider;
      }
    }
    this.#links[link * 2 - 2] = id;
    this.#links[link * 2 - 1] = next;
    return link;
  }

  /** @returns the link behind it */
  #release(link: number): number {
    this.#listed--;
    const next = this.#links[link * 2 - 1]!;
    this.#links[link * 2 - 1] = this.#freeLink;
    this.#freeLink = link;
    return next;
  }
}
