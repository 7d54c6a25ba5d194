import { hashWords } from '../../bgp/address.js';

const PLACES = 1 << 15;
/** Numbers of a place: the two ASes of a link, and those of one whose routes were passed on, side by side. */
const WIDTH = 4;

/** Sets of places for links that updates name, few enough to stay near the processor: most paths share theirs. */
const SETS = 1 << 13;
/** Places of a set, a line of the processor's cache: with one place a hash, two links in use would drive each other out. */
const WAYS = 4;
/** Fields of a place. */
const LEFT = 0;
const RIGHT = 1;
export const SINCE = 2;
export const PASSED = 3;

/**
 * Copies of the records of links that paths named lately: since when each is known, and since when its left network passes
 * on routes of the right one. Not to be asked once links are forgotten, nor when being met decides what is.
 */
export class NamedLinks {
  readonly places = new Int32Array(SETS * WAYS * WIDTH);
  /** The place that gives way next, of whatever set. */
  #turn = 0;

  /** Where a link's copy stands, or would stand. */
  at(left: number, right: number): number {
    const { places } = this;
    const set = setOf(left, right);
    for (let at = set; at < set + WAYS * WIDTH; at += WIDTH) {
      if (places[at + LEFT] === (left | 0) && places[at + RIGHT] === (right | 0)) return at;
    }
    this.#turn = (this.#turn + 1) & (WAYS - 1);
    return set + this.#turn * WIDTH;
  }

  /** Reads where a link's copy is looked for, for several to be read side by side: one by one, each waits for memory. */
  lookAt(left: number, right: number): number {
    return this.places[setOf(left, right)]!;
  }

  has(at: number, left: number, right: number): boolean {
    return this.places[at + LEFT] === (left | 0) && this.places[at + RIGHT] === (right | 0);
  }

  keep(at: number, left: number, right: number, since: number, passed: number): void {
    this.places[at + LEFT] = left;
    this.places[at + RIGHT] = right;
    this.places[at + SINCE] = since;
    this.places[at + PASSED] = passed;
  }
}

/** Where the set begins in which a link's copy may stand. */
function setOf(left: number, right: number): number {
  let hash = Math.imul(left, 0x85ebca6b) ^ Math.imul(right, 0x9e3779b1);
  hash ^= hash >>> 15;
  return (hash & (SETS - 1)) * (WAYS * WIDTH);
}

/**
 * Links that were learnt lately, so that a table's paths, which share most of theirs, need not ask the large tables for each.
 * Says nothing once one of these is full: there, being met again decides what is forgotten.
 */
export class RecentLinks {
  readonly #places = new Int32Array(PLACES * WIDTH);

  /** Whether the link was met before, with routes passed on if they are now; it counts as met from here on. */
  met(left: number, right: number, passed: boolean, full: boolean): boolean {
    if (full) return false;
    const places = this.#places;
    const at = (hashWords(0, left, right, 0, 0) & (PLACES - 1)) * WIDTH;
    const to = passed ? at + 2 : at;
    if (places[to] === (left | 0) && places[to + 1] === (right | 0)) return true;
    if (!passed && places[at + 2] === (left | 0) && places[at + 3] === (right | 0)) return true;
    places[to] = left;
    places[to + 1] = right;
    return false;
  }
}
